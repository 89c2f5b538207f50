"""What is left of a run that cannot go on, and what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from guru_data import Problem
from rlvr.audit.books.metrics import read_metrics
from rlvr.engines.local import LocalGenerators
from rlvr.engines.scripted import ScriptedEngine
from rlvr.errors import GeneratorLostError, InfrastructureError
from rlvr.evaluate import evaluate
from rlvr.groups import GroupMaker
from rlvr.learner.checkpoint import latest_checkpoint
from rlvr.rollouts import Prompt, Rollout, SamplingParams
from rlvr.train import train
from tests.loop.groups import PROBLEM, verdict
from tests.loop.local_run import local_run, right_at, small_config
from verifiers import (
    RequestTooLargeError,
    UnauthorizedError,
    Verdict,
    VerifierError,
    VerifyRequest,
)

GONE = "no generator is left"


def metrics_of(directory: Path) -> list[float]:
    return [m["step"] for m in read_metrics(directory) if m.get("reward/mean") is not None]


def newest(directory: Path) -> str | None:
    found = latest_checkpoint(directory / "checkpoints")
    return None if found is None else found.name


@pytest.mark.parametrize("save_fails", [False, True])
def test_a_step_that_cannot_be_published_is_told_and_saved_and_its_error_stays_the_first(
    tiny_model: Path, tmp_path: Path, save_fails: bool
) -> None:
    async def scenario() -> None:
        config = small_config(tiny_model, tmp_path)
        async with local_run(config, right_at([0])) as (run, _):
            publish, published = run.learner.publish, 0

            async def first_only():
                nonlocal published
                published += 1
                if published > 1:
                    raise InfrastructureError(GONE)
                return await publish()

            async def disk_full(*_: object) -> None:
                raise OSError("disk full")

            run.learner.publish = first_only
            if save_fails:
                run.learner.save = disk_full
            await train(run, first=0, steps=config.steps)

    with pytest.raises(InfrastructureError, match=GONE) as raised:
        asyncio.run(scenario())
    notes = ["and the weights after step 1 could not be saved: disk full"] if save_fails else []
    assert getattr(raised.value, "__notes__", []) == notes
    assert metrics_of(tmp_path / "run") == [0]
    assert newest(tmp_path / "run") == (None if save_fails else "step_000001")


def test_who_leaves_at_once_writes_no_checkpoint(tiny_model: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        config = small_config(tiny_model, tmp_path, steps=50)
        async with local_run(config, right_at([0])) as (run, console):
            running = asyncio.create_task(train(run, first=0, steps=config.steps))
            await console.reached(1)
            running.cancel()
            await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())
    assert newest(tmp_path / "run") is None


class Answering:
    """A verifier that takes everything for right, or fails as it is told to."""

    def __init__(self, error: VerifierError | None = None) -> None:
        self._error = error

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]:
        if self._error is not None:
            raise self._error
        return [verdict(1.0) for _ in requests]


class Slow(LocalGenerators):
    """Takes a while for each group, and no more than two at once."""

    def __init__(self, takes_s: float) -> None:
        super().__init__(ScriptedEngine(lambda prompt, index, version: "2"))
        self._takes_s = takes_s
        self._places = asyncio.Semaphore(2)

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> tuple[list[Rollout], int]:
        async with self._places:
            await asyncio.sleep(self._takes_s)
            return await super().generate(prompt, count, params)


class Lost(Slow):
    def __init__(self, error: InfrastructureError) -> None:
        super().__init__(0.0)
        self._error = error

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> tuple[list[Rollout], int]:
        raise self._error


def maker(
    engine: Slow, verifiers: Answering | None = None, timeout_s: float = 60.0, at_once: int = 4
) -> GroupMaker:
    def encode(problem: Problem) -> Prompt:
        return Prompt(problem.id, (1, 2, 3))

    sampling = SamplingParams(1.0, 8)
    return GroupMaker(engine, verifiers or Answering(), encode, sampling, 2, timeout_s, at_once)


def test_an_evaluation_without_generators_ends_with_their_error_and_not_a_group_of_it() -> None:
    with pytest.raises(InfrastructureError, match=GONE):
        asyncio.run(evaluate(maker(Lost(InfrastructureError(GONE))), [PROBLEM] * 5, 0))


def test_waiting_for_a_place_in_the_engines_does_not_count_against_a_problem() -> None:
    found = asyncio.run(evaluate(maker(Slow(0.1), timeout_s=1.2, at_once=2), [PROBLEM] * 40, 0))
    assert (len(found.results), found.unscored) == (40, 0)


def test_work_that_was_lost_says_how_often_it_was_begun() -> None:
    error = GeneratorLostError("lost three times")
    error.tries = 3
    group, _ = asyncio.run(maker(Lost(error)).make(0, 0, PROBLEM))
    assert [(sample.lost, sample.attempts) for sample in group.samples] == [("generator_lost", 3)] * 2


def test_a_group_that_the_service_refuses_is_lost_and_a_service_that_refuses_us_ends_the_run() -> None:
    too_large = Answering(RequestTooLargeError("17 MiB"))
    group, _ = asyncio.run(maker(Slow(0.0), too_large).make(0, 0, PROBLEM))
    assert [sample.lost for sample in group.samples] == ["verifier_error"] * 2

    with pytest.raises(UnauthorizedError):
        asyncio.run(maker(Slow(0.0), Answering(UnauthorizedError("no token"))).make(0, 0, PROBLEM))
