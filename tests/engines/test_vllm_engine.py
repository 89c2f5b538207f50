"""The engine against a real vLLM: log-probabilities, versions, in-flight updates, and its end."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from itertools import chain

import numpy as np
import psutil
import pytest

from rlvr.config import EngineConfig
from rlvr.errors import ConfigError, GeneratorLostError, WeightsMismatchError
from rlvr.rollouts import Prompt, Rollout, SamplingParams
from tests.engines.served import PROMPTS, Served, mean_difference

ROUNDING = 0.04
"""Nats per token that bfloat16 may cost on random weights; a stale tensor costs several times as much."""
SAMPLING = SamplingParams(temperature=1.0, max_new_tokens=32)


async def sample(served: Served, params: SamplingParams = SAMPLING, count: int = 4) -> list[Rollout]:
    groups = await asyncio.gather(*(served.engine.generate(prompt, count, params) for prompt in PROMPTS))
    return list(chain.from_iterable(groups))


def scored_by_policy(served: Served, rollouts: list[Rollout]) -> list[np.ndarray]:
    """The policy's log-probabilities of the completions' tokens."""
    sequences = [[*rollout.prompt_ids.tolist(), *rollout.completion_ids.tolist()] for rollout in rollouts]
    scored = served.policy.logprobs(sequences)
    return [row[-len(rollout.completion_ids) :] for row, rollout in zip(scored, rollouts, strict=True)]


def test_a_group_has_the_asked_number_of_completions_each_with_its_own_logprobs(served: Served) -> None:
    rollouts = served.runner.run(served.engine.generate(PROMPTS[0], 5, SAMPLING))

    assert len(rollouts) == 5
    assert len({tuple(rollout.completion_ids.tolist()) for rollout in rollouts}) > 1
    for rollout in rollouts:
        assert rollout.problem_id == PROMPTS[0].problem_id
        assert rollout.prompt_ids.tolist() == list(PROMPTS[0].token_ids)
        assert len(rollout.logprobs_T) == len(rollout.completion_ids) <= SAMPLING.max_new_tokens
        assert (rollout.finish_reason == "stop") == (len(rollout.completion_ids) < SAMPLING.max_new_tokens)


def test_three_publishes_each_leave_the_engine_with_the_learners_logprobs(served: Served) -> None:
    for _ in range(3):
        served.policy.train()
        ref = served.policy.publish()

        probe_difference = served.runner.run(served.engine.load(ref))
        rollouts = served.runner.run(sample(served))

        assert probe_difference < ROUNDING
        learner = scored_by_policy(served, rollouts)
        assert mean_difference([rollout.logprobs_T for rollout in rollouts], learner) < ROUNDING
        assert {(r.version_min, r.version_max) for r in rollouts} == {(ref.version, ref.version)}


def test_logprobs_are_those_after_temperature(served: Served) -> None:
    cold = replace(SAMPLING, temperature=0.5)

    rollouts = served.runner.run(sample(served, cold))

    learner = scored_by_policy(served, rollouts)
    assert mean_difference([rollout.logprobs_T for rollout in rollouts], learner) > 5 * ROUNDING


def test_sequences_under_way_go_on_under_the_new_weights_and_say_so(served: Served) -> None:
    served.runner.run(served.engine.load(served.policy.publish()))
    long = SamplingParams(temperature=1.0, max_new_tokens=240)

    async def publish_meanwhile() -> tuple[list[Rollout], int]:
        generating = asyncio.create_task(sample(served, long))
        await asyncio.sleep(0.2)
        served.policy.train()
        ref = served.policy.publish()
        await served.engine.load(ref)
        return await generating, ref.version

    rollouts, new = served.runner.run(publish_meanwhile())

    crossing = [rollout for rollout in rollouts if len(rollout.spans) == 2]
    assert crossing
    for rollout in crossing:
        before, after = rollout.spans
        assert (before.version, after.version) == (new - 1, new)
        assert (before.start, before.end, after.end) == (0, after.start, len(rollout.completion_ids))
    starts = [rollout.spans[1].start for rollout in crossing]
    ours = [rollout.logprobs_T[start:] for rollout, start in zip(crossing, starts, strict=True)]
    scored = zip(scored_by_policy(served, crossing), starts, strict=True)
    assert mean_difference(ours, [row[start:] for row, start in scored]) < ROUNDING


def test_weights_that_are_not_the_learners_are_refused(served: Served) -> None:
    proven = served.policy.probe()
    served.policy.train()
    wrong = replace(served.policy.publish(), probe=proven)

    with pytest.raises(WeightsMismatchError, match="nats per token"):
        served.runner.run(served.engine.load(wrong))

    served.runner.run(served.engine.load(served.policy.publish()))


def test_a_load_that_did_nothing_is_found_though_the_step_was_small(served: Served) -> None:
    held = served.policy.publish()
    served.runner.run(served.engine.load(held))
    served.policy.train(by=0.0045)
    small_step = served.policy.probe()
    silent = replace(held, probe=replace(small_step, before=held.probe.logprobs))
    assert mean_difference(small_step.logprobs, held.probe.logprobs) < EngineConfig().probe_tolerance

    with pytest.raises(WeightsMismatchError, match="still holds the weights before"):
        served.runner.run(served.engine.load(silent))

    served.runner.run(served.engine.load(replace(served.policy.publish(), probe=silent.probe)))


def test_a_prompt_that_leaves_no_room_names_the_problem_and_the_limit(served: Served) -> None:
    endless = Prompt("endless", tuple(range(10)) * 60)

    with pytest.raises(ConfigError, match=r"endless has 600 tokens.*max_model_len=512"):
        served.runner.run(served.engine.generate(endless, 1, SAMPLING))


def test_a_dead_engine_process_is_a_lost_generator_and_leaves_nothing_behind(served: Served) -> None:
    (process,) = [child for child in psutil.Process().children() if "EngineCore" in child.name()]

    async def kill_meanwhile() -> None:
        generating = asyncio.create_task(sample(served, SamplingParams(temperature=1.0, max_new_tokens=480)))
        await asyncio.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        await generating

    with pytest.raises(GeneratorLostError):
        served.runner.run(kill_meanwhile())

    served.runner.run(served.engine.close())
    assert psutil.wait_procs([process], timeout=10)[1] == []
    with pytest.raises(GeneratorLostError):
        served.runner.run(served.engine.generate(PROMPTS[0], 1, SAMPLING))
