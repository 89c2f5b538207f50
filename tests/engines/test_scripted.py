"""The engine without a model, and a pool of one around it."""

from __future__ import annotations

import asyncio

from rlvr.engines.local import LocalGenerators
from rlvr.engines.scripted import ScriptedEngine
from rlvr.rollouts import Prompt, SamplingParams
from rlvr.weights.ref import WeightsProbe, WeightsRef

PROMPT = Prompt("p", (1, 2, 3))


def answer(prompt: Prompt, index: int, version: int) -> str:
    return f"{prompt.problem_id} {index} v{version}"


def test_the_script_decides_the_text_of_each_completion_and_sees_the_version() -> None:
    generators = LocalGenerators(ScriptedEngine(answer))

    async def scenario() -> list[str]:
        await generators.publish(WeightsRef(4, None, WeightsProbe((), ())))
        rollouts, attempts = await generators.generate(PROMPT, 2, SamplingParams(1.0, 64))
        assert attempts == 1
        return [rollout.text for rollout in rollouts]

    assert asyncio.run(scenario()) == ["p 0 v4", "p 1 v4"]


def test_a_text_longer_than_allowed_is_cut_and_says_so() -> None:
    engine = ScriptedEngine(lambda prompt, index, version: "abcdef"[: 4 + 2 * index], logprob=-0.5)

    whole, cut = asyncio.run(engine.generate(PROMPT, 2, SamplingParams(1.0, 4)))

    assert (whole.text, whole.finish_reason) == ("abcd", "stop")
    assert (cut.text, cut.finish_reason) == ("abcd", "length")
    assert cut.completion_ids.tolist() == list(b"abcd")
    assert cut.logprobs_T.tolist() == [-0.5] * 4
    assert [(span.start, span.end) for span in cut.spans] == [(0, 4)]
