"""The learner's actor does what a learner does, and its errors arrive as ours."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import ray

from rlvr.batch import Batch, MiniBatch
from rlvr.cluster.learner import RemoteLearner
from rlvr.config import GRPOConfig, LearnerConfig
from rlvr.errors import InfrastructureError, TrainingStoppedError
from tests.cluster.processes import left_of, named

PROBE = ((1, 2, 3), (4, 5))
NOTHING_TO_LEARN = Batch(0, 1.0, ())
ROW = np.arange(4, dtype=np.int32)[None]
HOPELESS = MiniBatch(
    token_ids_RL=ROW,
    position_ids_RL=ROW,
    scored_RL=ROW > 1,
    logprobs_RL=np.zeros((1, 4), np.float32),
    advantages_RL=np.full((1, 4), np.nan, np.float32),
    versions_RL=np.zeros((1, 4), np.int32),
)


@pytest.fixture(scope="module")
def learner(
    ray_session: None, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[asyncio.Runner, RemoteLearner]]:
    """One for all tests here, of which the last kills it: importing torch takes it seconds."""
    weights = tmp_path_factory.mktemp("weights")
    config = LearnerConfig(threads=1)
    with asyncio.Runner() as runner:
        remote = runner.run(RemoteLearner.start(config, GRPOConfig(), str(tiny_model), weights, PROBE, 0))
        yield runner, remote
        runner.run(remote.close())


def test_versions_checkpoints_and_exports_go_through_the_actor(
    learner: tuple[asyncio.Runner, RemoteLearner], tmp_path: Path
) -> None:
    runner, remote = learner

    async def use() -> None:
        first = await remote.publish()
        assert await remote.update(NOTHING_TO_LEARN) == {}
        second = await remote.publish()
        assert (first.version, second.version) == (0, 1)
        assert [len(logprobs) for logprobs in second.probe.logprobs] == [2, 1]

        written = await remote.save(tmp_path / "checkpoints", {"done": 1}, keep=1)
        await remote.update(NOTHING_TO_LEARN)
        assert await remote.restore(written) == {"done": 1}
        assert (await remote.publish()).version == 1

        await remote.export(tmp_path / "model")

    runner.run(use())
    assert (tmp_path / "model" / "config.json").exists()


def test_an_error_of_ours_arrives_as_it_was_raised(
    learner: tuple[asyncio.Runner, RemoteLearner],
) -> None:
    """Without Ray's wrapping, whose message is a traceback."""
    runner, remote = learner
    with pytest.raises(TrainingStoppedError) as caught:
        runner.run(remote.update(Batch(0, 1.0, (HOPELESS,))))
    assert type(caught.value) is TrainingStoppedError
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_written_or_read_is_a_clear_error_and_no_traceback(
    learner: tuple[asyncio.Runner, RemoteLearner], tmp_path: Path
) -> None:
    runner, remote = learner
    (tmp_path / "file").touch()

    async def save() -> None:
        await remote.save(tmp_path / "file", {"done": (await remote.publish()).version}, keep=1)

    with pytest.raises(InfrastructureError, match=r"cannot write .*file.*--resume") as unwritten:
        runner.run(save())
    with pytest.raises(InfrastructureError, match=r"learner's restore failed: .*nothing.*--resume") as unread:
        runner.run(remote.restore(tmp_path / "nothing"))
    assert "Traceback" not in f"{unwritten.value} {unread.value}"


@ray.remote(num_cpus=0)
class Mortal:
    """A generator that dies of the first weights it is pushed."""

    def update_weights(self) -> None:
        os._exit(1)


@ray.remote(num_cpus=0)
class Pushing:
    """A learner's actor that pushes its weights into a generator, as vLLM's trainer engine does."""

    def publish(self) -> None:
        ray.get(Mortal.remote().update_weights.remote())


def test_a_generator_that_dies_while_weights_are_pushed_is_not_taken_for_the_learner(
    ray_session: None,
) -> None:
    with pytest.raises(InfrastructureError, match="a generator died during the learner's publish"):
        asyncio.run(RemoteLearner(Pushing.remote()).publish())


def test_a_killed_learner_is_one_clear_error_and_leaves_no_process(
    learner: tuple[asyncio.Runner, RemoteLearner],
) -> None:
    runner, remote = learner
    process = named("ray::LearnerActor")
    process.kill()
    with pytest.raises(InfrastructureError, match="the learner's process died during publish"):
        runner.run(remote.publish())
    assert left_of([process.pid], within_s=10) == []
