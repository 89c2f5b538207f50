"""An engine without a model: completions come from a function the caller gives.

    Prompt --script--> texts -> Rollouts (one token per UTF-8 byte, one fixed log-probability)

Runs the training loop on a laptop and in tests, with everything but the model real.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rlvr.engines.base import WEIGHTS_ON_DISK
from rlvr.rollouts import Prompt, Rollout, SamplingParams, VersionSpan
from rlvr.weights.ref import WeightsRef

Script = Callable[[Prompt, int, int], str]
"""(prompt, index of the completion in its group, weights version) -> text."""


class ScriptedEngine:
    """Answers from a script; `load` only moves the version on.

    Args:
        script: called once per completion; the same arguments must give the same text.
        logprob: nats, reported for every token.
    """

    def __init__(self, script: Script, logprob: float = -1.0) -> None:
        self._script = script
        self._logprob = logprob
        self._version = WEIGHTS_ON_DISK

    @property
    def version(self) -> int:
        return self._version

    async def start(self) -> None:
        """Nothing to bring up."""

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        return [self._complete(prompt, index, params.max_new_tokens) for index in range(count)]

    async def load(self, ref: WeightsRef) -> float:
        self._version = ref.version
        return 0.0

    async def close(self) -> None:
        """Nothing runs."""

    def _complete(self, prompt: Prompt, index: int, max_new_tokens: int) -> Rollout:
        encoded = self._script(prompt, index, self._version).encode()
        kept = encoded[:max_new_tokens]
        return Rollout(
            problem_id=prompt.problem_id,
            prompt_ids=np.asarray(prompt.token_ids, dtype=np.int32),
            completion_ids=np.frombuffer(kept, dtype=np.uint8).astype(np.int32),
            logprobs_T=np.full(len(kept), self._logprob, dtype=np.float32),
            text=kept.decode(errors="replace"),
            finish_reason="stop" if len(encoded) <= max_new_tokens else "length",
            spans=(VersionSpan(self._version, 0, len(kept)),),
        )
