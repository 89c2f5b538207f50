"""Faulty engines: weights that were not published, log-probabilities that are not the tokens'."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random

import numpy as np
import torch

from rlvr.rollouts import FloatArray
from rlvr.weights.ref import WeightsRef
from tests.audit.planted.model import Say, SpeakingEngine

OFF_NATS = 0.5
WRONG_TEMPERATURE = 0.5
LAG = 3
KEPT_TENSOR = "model.embed_tokens.weight"

Pairs = Sequence[tuple[np.ndarray, np.ndarray]]


class FaultyEngine(SpeakingEngine):
    """With a coin for whether a rollout or a step is hit."""

    def __init__(self, share: float, model_path: str, say: Say) -> None:
        super().__init__(model_path, say)
        self._share = share
        self._rng = Random("planted")

    @classmethod
    def at(cls, share: float) -> Callable[[str, Say], SpeakingEngine]:
        return partial(cls, share)

    def hit(self) -> bool:
        return self._rng.random() < self._share

    def step_is_hit(self, version: int) -> bool:
        """Evenly spread over the steps; of a short run at least one."""
        every = round(1 / self._share)
        return version % min(every, 20) == min(every, 20) - 1


class KeepsOldWeights(FaultyEngine):
    """Proves the new weights, then goes back to the old ones and says nothing."""

    async def load(self, ref: WeightsRef) -> float:
        before = {name: tensor.clone() for name, tensor in self._model.state_dict().items()}
        difference = await super().load(ref)
        if self.step_is_hit(ref.version):
            self._model.load_state_dict(before)
        return difference


class KeepsOneTensor(FaultyEngine):
    """One tensor of a load is lost, as a packed head once was; it comes with the next load."""

    def _take(self, tensors: Mapping[str, torch.Tensor], version: int) -> None:
        hit = version > 0 and self.step_is_hit(version)
        super()._take(
            {name: tensor for name, tensor in tensors.items() if not (hit and name == KEPT_TENSOR)}, version
        )


class ReportsOtherLogprobs(FaultyEngine):
    def _report(self, pairs: Pairs, temperature: float) -> list[FloatArray]:
        true = super()._report(pairs, temperature)
        return [row + np.float32(OFF_NATS) if self.hit() else row for row in true]


class ReportsAtAnotherTemperature(FaultyEngine):
    def _report(self, pairs: Pairs, temperature: float) -> list[FloatArray]:
        true, other = super()._report(pairs, temperature), super()._report(pairs, WRONG_TEMPERATURE)
        return [theirs if self.hit() else ours for ours, theirs in zip(true, other, strict=True)]


class LagsBehind(FaultyEngine):
    """Samples under weights older than is allowed, and says so."""

    def _sampled_under(self) -> int:
        return max(0, self._version - LAG) if self.hit() else self._version
