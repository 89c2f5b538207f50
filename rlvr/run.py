"""A run: the parts that the training loop drives, and what happens around a step.

Wired once, in `rlvr.wire`; tests wire one with a scripted engine and run the very same loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from guru_data import Cursor, Problem
from rlvr.algorithms.base import Algorithm
from rlvr.audit.book import Audit
from rlvr.audit.opinions.shadow import Shadow
from rlvr.batch import Batch, Batching
from rlvr.config import RunConfig
from rlvr.engines.base import Generators, PublishReport
from rlvr.errors import RlvrError, VerifierDownError
from rlvr.evaluate import Evaluation, evaluate
from rlvr.groups import GroupMaker, GroupStream, StepGroups
from rlvr.rollouts import ScoredGroup
from rlvr.weights.ref import WeightsRef

Result = TypeVar("Result")
SPLIT = "heldout"


class StopRequestedError(Exception):
    """Somebody asked the run to stop; not a failure, and never seen outside the loop."""


class LearnerHandle(Protocol):
    """The learner, wherever it runs."""

    async def update(self, batch: Batch) -> dict[str, float]: ...
    async def publish(self) -> WeightsRef: ...
    async def save(self, checkpoints: Path, state: dict[str, Any], keep: int) -> Path: ...
    async def restore(self, checkpoint: Path) -> dict[str, Any]: ...
    async def export(self, directory: Path) -> None: ...


class Console(Protocol):
    """Where people watch."""

    def step(self, step: int, metrics: Mapping[str, float]) -> None: ...
    def evaluation(self, step: int, evaluation: Evaluation) -> None: ...
    def say(self, text: str) -> None: ...


@dataclass
class Run:
    """The parts of one run, and the little state that changes from step to step."""

    config: RunConfig
    directory: Path
    generators: Generators
    groups: GroupStream
    evaluator: GroupMaker
    heldout: Sequence[Problem]
    algorithm: Algorithm
    learner: LearnerHandle
    audit: Audit
    console: Console
    cursor: Cursor
    shadow: Shadow | None = None
    first: int = 0
    """Steps that were done before, by the checkpoint the run was resumed from."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    evaluations: dict[int, Evaluation] = field(default_factory=dict)
    _saved: int | None = None

    def __post_init__(self) -> None:
        if self.first:
            self._saved = self.first

    @property
    def batching(self) -> Batching:
        learner = self.config.learner
        return Batching(self.config.rollout.temperature, learner.row_tokens, learner.updates_per_step)

    def deal_rng(self, step: int) -> np.random.Generator:
        """Deals rollouts out to mini-batches; by step, so that a resumed run draws the same."""
        return np.random.default_rng((self.config.seed, step, 1))

    def permute_rng(self, step: int) -> np.random.Generator | None:
        """Shuffles the rewards of a control run; None in every other."""
        if self.config.algorithm.control == "none":
            return None
        return np.random.default_rng((self.config.seed, step, 2))

    async def until_stopped(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The work's result, or StopRequestedError as soon as somebody asks the run to stop."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise StopRequestedError
            return task.result()
        finally:
            task.cancel()
            stopped.cancel()

    async def grade_beside(self, step: int, scored: Sequence[ScoredGroup]) -> None:
        """Have the config's second verifier, if there is one, grade a share of the step; changes nothing."""
        if self.shadow is not None:
            await self.shadow.take(step, scored)

    async def learn(self, batch: Batch) -> dict[str, float]:
        """One update; its metrics, with the time it took."""
        began = time.monotonic()
        metrics = await self.learner.update(batch)
        return {**metrics, "time/learn": time.monotonic() - began}

    async def publish(self) -> PublishReport:
        """Learner's weights into every generator, proved by log-probabilities."""
        return await self.generators.publish(await self.learner.publish())

    def stop_if_too_much_was_lost(self, step: int, scored: Sequence[ScoredGroup]) -> None:
        """A step that lost most of its rewards to failures of ours would teach from what is left.

        Raises:
            VerifierDownError: the share without a reward is above `reward.max_lost_share`.
        """
        reasons = [
            why
            for group in scored
            for reward, why in zip(group.rewards_G, group.dropped_G, strict=True)
            if not np.isfinite(reward) and why != "truncated"
        ]
        samples = sum(len(group.rewards_G) for group in scored)
        limit = self.config.reward.max_lost_share
        if len(reasons) > limit * samples:
            counts = {why: reasons.count(why) for why in sorted({str(why) for why in reasons})}
            raise VerifierDownError(
                f"step {step}: {len(reasons)} of {samples} rollouts got no reward ({counts}), more than "
                f"reward.max_lost_share={limit}; the step was not learned from. Mend the service and run "
                "again with --resume"
            )

    def log(
        self,
        step: int,
        began: float,
        made: StepGroups,
        metrics: Mapping[str, float],
        published: PublishReport,
    ) -> None:
        """Rates and times of a step, beside the `metrics` it has by now; a line of console."""
        times = {
            "rollout/tokens_per_second": metrics["tokens/completion"] / max(made.generate_s, 1e-9),
            "weights/probe_diff": published.probe_diff,
            "time/step": time.monotonic() - began,
            "time/generate": made.generate_s,
            "time/verify": made.verify_s,
            "time/publish": published.seconds,
        }
        self.audit.log(step, times)
        self.console.step(step, {**metrics, **times})

    def say(self, text: str) -> None:
        self.console.say(text)

    async def evaluate(self, done: int) -> None:
        """Evaluate the current weights on the held-out split, once per version."""
        if done in self.evaluations or not self.heldout:
            return
        result = await self.until_stopped(evaluate(self.evaluator, self.heldout, done))
        self.evaluations[done] = result
        self.audit.seal(result.write(self.directory, done))
        self.audit.log(done, result.metrics(SPLIT))
        self.console.evaluation(done, result)

    async def evaluate_if_due(self, done: int) -> None:
        if self.config.eval.every and done % self.config.eval.every == 0:
            await self.evaluate(done)

    async def checkpoint_if_due(self, done: int) -> None:
        if self.config.checkpoint.every and done % self.config.checkpoint.every == 0:
            await self.checkpoint(done)

    async def checkpoint(self, done: int) -> None:
        """Save all that a resume needs, and the model for others; once per version."""
        if self._saved == done:
            return
        cursor = self.groups.resumable(self.cursor)
        state = {"done": done, "cursor": dict(cursor), "ledger_head": self.audit.head}
        await self.learner.save(self.directory / "checkpoints", state, self.config.checkpoint.keep)
        await self.learner.export(self.directory / "model")
        self._saved = done

    async def rescue(self, done: int, error: Exception) -> None:
        """Checkpoint a run that cannot go on; where that fails, too, a note at the error says so."""
        try:
            await self.checkpoint(done)
        except (RlvrError, OSError, RuntimeError) as second:
            error.add_note(f"and the weights after step {done} could not be saved: {second}")
