"""The pool: where work goes, what becomes of lost work, and which version a replacement holds."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path

import pytest

from rlvr.cluster.generators import GeneratorPool
from rlvr.config import EngineConfig
from rlvr.errors import ConfigError, GeneratorLostError, WeightsMismatchError
from rlvr.rollouts import Prompt, Rollout, SamplingParams
from rlvr.weights.ref import WeightsProbe, WeightsRef
from tests.cluster.processes import left_of, named
from tests.engines.served import PROMPTS, TrainedPolicy

SAMPLING = SamplingParams(temperature=1.0, max_new_tokens=64)
NO_PROBE = WeightsProbe((), ())

pytestmark = pytest.mark.usefixtures("ray_session")


@asynccontextmanager
async def scripted(engine: str, directory: Path, replicas: int = 1) -> AsyncIterator[GeneratorPool]:
    config = EngineConfig(kind=f"tests.cluster.scripted_generators:{engine}", replicas=replicas)
    pool = await GeneratorPool.start(config, str(directory), seed=0, retries=1)
    try:
        yield pool
    finally:
        await pool.close()


def prompt(problem_id: str) -> Prompt:
    return Prompt(problem_id, (1, 2, 3))


def test_work_goes_to_the_least_busy_generator(tmp_path: Path) -> None:
    async def scenario() -> list[tuple[list[Rollout], int]]:
        async with scripted("ProcessEngine", tmp_path, replicas=2) as pool:
            return await asyncio.gather(*(pool.generate(prompt("p"), 2, SAMPLING) for _ in range(4)))

    answers = asyncio.run(scenario())

    processes = [rollouts[0].text for rollouts, _ in answers]
    assert sorted(processes.count(process) for process in set(processes)) == [2, 2]
    assert {attempts for _, attempts in answers} == {1}


def test_lost_work_is_done_again_by_a_replacement_that_holds_the_published_version(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[Rollout], int]:
        async with scripted("MortalEngine", tmp_path) as pool:
            await pool.publish(WeightsRef(7, None, NO_PROBE))
            return await pool.generate(prompt("accident"), 3, SAMPLING)

    rollouts, attempts = asyncio.run(scenario())

    assert attempts == 2
    assert [rollout.version_min for rollout in rollouts] == [7, 7, 7]


def test_work_that_kills_every_generator_is_given_up_and_the_pool_goes_on(tmp_path: Path) -> None:
    async def scenario() -> list[Rollout]:
        async with scripted("MortalEngine", tmp_path) as pool:
            with pytest.raises(GeneratorLostError, match="poison was lost 2 times"):
                await pool.generate(prompt("poison"), 1, SAMPLING)
            return (await pool.generate(prompt("harmless"), 1, SAMPLING))[0]

    assert len(asyncio.run(scenario())) == 1


def test_an_actor_whose_engine_died_is_replaced_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scripted("HeadlessEngine", tmp_path) as pool:
            first = pool.handles
            with pytest.raises(GeneratorLostError, match="engine process died"):
                await pool.generate(prompt("p"), 1, SAMPLING)
            await pool.publish(WeightsRef(1, None, NO_PROBE))
            assert first != pool.handles

    asyncio.run(scenario())


def test_weights_that_a_generator_does_not_hold_stop_the_publish(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with scripted("DeafEngine", tmp_path) as pool:
            await pool.publish(WeightsRef(1, None, NO_PROBE))
            with pytest.raises(WeightsMismatchError, match="version 2"):
                await pool.publish(WeightsRef(2, None, NO_PROBE))

    asyncio.run(scenario())


def test_an_engine_that_does_not_exist_is_a_config_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        await GeneratorPool.start(EngineConfig(kind="nothing"), str(tmp_path), seed=0)

    with pytest.raises(ConfigError, match=r"engine.kind = 'nothing': have \['vllm'\]"):
        asyncio.run(scenario())


@pytest.mark.soak  # a minute; the end-to-end training kills a generator too
def test_a_killed_vllm_actor_loses_no_work_and_leaves_no_process(tiny_model: Path, tmp_path: Path) -> None:
    policy = TrainedPolicy(tiny_model, tmp_path)
    config = EngineConfig(max_model_len=512, kv_cache_gib=0.125)
    long = SamplingParams(temperature=1.0, max_new_tokens=400)

    async def scenario() -> list[tuple[list[Rollout], int]]:
        pool = await GeneratorPool.start(config, str(tiny_model), 0, policy.publish(), retries=1)
        policy.train()
        report = await pool.publish(policy.publish())
        assert report.probe_diff < config.probe_tolerance
        generating = asyncio.gather(*(pool.generate(prompt, 4, long) for prompt in PROMPTS))
        await asyncio.sleep(0.3)
        orphan = named("VLLM::EngineCore")
        os.kill(named("ray::GeneratorActor").pid, signal.SIGKILL)
        answers = await generating
        replacement = named("VLLM::EngineCore")
        await pool.close()
        assert left_of([orphan.pid, replacement.pid], within_s=10) == []
        return answers

    answers = asyncio.run(scenario())

    assert max(attempts for _, attempts in answers) == 2
    rollouts = list(chain.from_iterable(group for group, _ in answers))
    assert len(rollouts) == 4 * len(PROMPTS)
    assert {(rollout.version_min, rollout.version_max) for rollout in rollouts} == {(2, 2)}
