"""Groups of rollouts, generated and verified, at most `ahead` steps early.

    problem --generate--> rollouts --verify--> verdicts      each group on its own
    GroupStream.step(s) -> the groups of step s

Grading of one group overlaps the generation of others. Whatever goes wrong with a group ends in
its samples (`lost`), never in a verdict that nobody gave.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from guru_data import Cursor, Problem, ProblemStream
from rlvr.engines.base import Generators
from rlvr.errors import GeneratorLostError
from rlvr.outcomes import step_outcomes
from rlvr.prompts import PromptEncoder
from rlvr.rollouts import Rollout, RolloutGroup, Sample, SamplingParams, ScoredGroup
from rlvr.together import together
from verifiers import (
    GroundTruthError,
    UnauthorizedError,
    Verdict,
    VerifierError,
    VerifierSetupError,
    VerifierUnavailableError,
    VerifyRequest,
)


class Verifiers(Protocol):
    """What the loop needs of a verifier client, local or remote."""

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]: ...


@dataclass(frozen=True, slots=True)
class Timing:
    """When a group's work began, was generated, and was verified; seconds on the monotonic clock."""

    began: float
    generated: float
    verified: float


@dataclass(frozen=True, slots=True, eq=False)
class StepGroups:
    """The groups of one step, how long they took, and where the problem stream stood after them."""

    groups: list[RolloutGroup]
    generate_s: float
    verify_s: float
    """From the last rollout to the last verdict: the part of grading that nothing overlapped."""
    cursor: Cursor


class GroupMaker:
    """Takes one problem through generation and verification.

    Args:
        timeout_s: how long one group's rollouts may take.
        at_once: groups that may be generated at the same time; the others wait, and their time does not
            run yet. More than the engines hold keeps them full.
    """

    def __init__(
        self,
        generators: Generators,
        verifiers: Verifiers,
        encode: PromptEncoder,
        sampling: SamplingParams,
        group_size: int,
        timeout_s: float,
        at_once: int,
    ) -> None:
        self._generators = generators
        self._verifiers = verifiers
        self._encode = encode
        self._sampling = sampling
        self._group_size = group_size
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(at_once)

    async def make(
        self, step: int, place: int, problem: Problem, length_budget: int | None = None
    ) -> tuple[RolloutGroup, Timing]:
        """One verified group; a failure of ours marks the samples it hit as lost.

        `length_budget` is how many tokens a completion may have where that is less than is sampled at most.
        """
        group_id = f"{step:06d}-{place:04d}"
        sampling = self._sampling
        if length_budget is not None:
            sampling = replace(sampling, max_new_tokens=min(sampling.max_new_tokens, length_budget))
        try:
            async with self._turns:
                began = time.monotonic()
                async with asyncio.timeout(self._timeout_s):
                    rollouts, attempts = await self._generators.generate(
                        self._encode(problem), self._group_size, sampling
                    )
        except (GeneratorLostError, TimeoutError) as error:
            ended = time.monotonic()
            return self._lost(step, group_id, problem, error), Timing(began, ended, ended)
        generated = time.monotonic()
        found = await self._verify(problem, rollouts)
        samples = [
            Sample(f"{group_id}-{i}", rollout, *outcome, attempts=attempts)
            for i, (rollout, outcome) in enumerate(zip(rollouts, found, strict=True))
        ]
        timing = Timing(began, generated, time.monotonic())
        return RolloutGroup(step, group_id, problem, tuple(samples)), timing

    def _lost(
        self, step: int, group_id: str, problem: Problem, error: GeneratorLostError | TimeoutError
    ) -> RolloutGroup:
        """A group without rollouts."""
        why, tries = "generation_timeout", 1
        if isinstance(error, GeneratorLostError):
            why, tries = ("generator_lost", error.tries)
        samples = [
            Sample(f"{group_id}-{i}", None, None, why, attempts=tries) for i in range(self._group_size)
        ]
        return RolloutGroup(step, group_id, problem, tuple(samples))

    async def _verify(
        self, problem: Problem, rollouts: Sequence[Rollout]
    ) -> list[tuple[Verdict | None, str | None]]:
        """A verdict, or the reason why there is none, for each rollout."""
        requests = [request_for(problem, rollout.text) for rollout in rollouts]
        try:
            answers = await self._verifiers.verify_batch(requests)
        except (UnauthorizedError, VerifierSetupError):
            raise  # no request will fare better
        except VerifierError as error:
            return [(None, loss_code(error))] * len(rollouts)
        return [(None, loss_code(a)) if isinstance(a, VerifierError) else (a, None) for a in answers]


class GroupStream:
    """The steps' groups in order. Asking for step s also starts the `ahead` steps after it."""

    def __init__(
        self, problems: ProblemStream, maker: GroupMaker, *, problems_per_step: int, ahead: int, steps: int
    ) -> None:
        self._problems = problems
        self._maker = maker
        self._per_step = problems_per_step
        self._ahead = ahead
        self._steps = steps
        self._running: deque[tuple[int, asyncio.Task[StepGroups]]] = deque()

    async def step(self, step: int) -> StepGroups:
        """The groups of `step`; steps must be asked for one after the other."""
        first_new = self._running[-1][0] + 1 if self._running else step
        for later in range(first_new, min(step + self._ahead, self._steps - 1) + 1):
            batch = [
                (problem, self._problems.length_budget(problem))
                for problem in self._problems.next_batch(self._per_step)
            ]
            cursor = self._problems.state()
            self._running.append((later, asyncio.create_task(self._make(later, batch, cursor))))
        expected, task = self._running.popleft()
        if expected != step:
            raise ValueError(f"asked for step {step}, next is {expected}")
        return await task

    def observe(self, step: int, scored: Sequence[ScoredGroup]) -> None:
        """Tell the curriculum how a step's problems went; later steps are drawn accordingly."""
        self._problems.observe(step, step_outcomes(scored))

    def resumable(self, cursor: Cursor) -> Cursor:
        """A step's cursor with all that a run which goes on after that step must know."""
        return self._problems.with_outcomes(cursor)

    async def close(self) -> None:
        """Drop what is still under way."""
        tasks = [task for _, task in self._running]
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(
        self, step: int, batch: Sequence[tuple[Problem, int | None]], cursor: Cursor
    ) -> StepGroups:
        made = await together(
            self._maker.make(step, place, problem, budget) for place, (problem, budget) in enumerate(batch)
        )
        timings = [timing for _, timing in made]
        generated = max(timing.generated for timing in timings)
        return StepGroups(
            groups=[group for group, _ in made],
            generate_s=generated - min(timing.began for timing in timings),
            verify_s=max(timing.verified for timing in timings) - generated,
            cursor=cursor,
        )


def request_for(problem: Problem, response: str) -> VerifyRequest:
    """What the verifier service is asked about one response."""
    return VerifyRequest(
        verifier=problem.verifier,
        response=response,
        ground_truth=problem.ground_truth,
        prompt=problem.prompt[-1].content,
        extra=problem.extra,
    )


def loss_code(error: VerifierError) -> str:
    """The ledger's code for a response that was not graded."""
    if isinstance(error, GroundTruthError):
        return "ground_truth_error"
    return "verifier_down" if isinstance(error, VerifierUnavailableError) else "verifier_error"
