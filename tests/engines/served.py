"""A policy whose weights change, and an engine that is fed from it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from rlvr.engines.vllm_engine import VllmEngine
from rlvr.rollouts import FloatArray, Prompt
from rlvr.weights.publish import write_weights
from rlvr.weights.ref import WeightsProbe, WeightsRef

PROBE = tuple(tuple(range(start, start + 40)) for start in (10, 60, 110, 160))
PROMPTS = [Prompt(f"problem-{i}", tuple(range(20 + i, 28 + i))) for i in range(8)]
TEXTS = ["What is 12 + 34? The answer is 46."] * 4


class TrainedPolicy:
    """Stands for the learner: float32 master weights that change from version to version."""

    def __init__(self, model_path: Path, weights: Path) -> None:
        self._model = AutoModelForCausalLM.from_pretrained(model_path, dtype=torch.float32)
        self._weights = weights
        self._versions = 0
        self._noise = torch.Generator().manual_seed(0)

    @torch.no_grad()
    def train(self, by: float = 0.2) -> None:
        """Change every parameter by this share of its size; the default is seen in any log-probability."""
        for parameter in self._model.parameters():
            change = torch.randn(parameter.shape, generator=self._noise)
            parameter.add_(by * parameter.square().mean().sqrt() * change)

    @torch.no_grad()
    def logprobs(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """Of each token but the first, from the model's own float32 forward pass over all at once."""
        ids = torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(tokens) for tokens in sequences], batch_first=True
        )
        scores = self._model(ids).logits[:, :-1].log_softmax(-1)
        chosen = scores.gather(-1, ids[:, 1:, None])[..., 0].numpy()
        return [row[: len(tokens) - 1] for row, tokens in zip(chosen, sequences, strict=True)]

    def publish(self) -> WeightsRef:
        self._versions += 1
        path = write_weights(
            self._model.named_parameters(), self._weights, self._versions, dtype=torch.bfloat16
        )
        return WeightsRef(self._versions, str(path), self.probe())

    def probe(self) -> WeightsProbe:
        return WeightsProbe(PROBE, tuple(self.logprobs(PROBE)))


@dataclass
class Served:
    """An engine that is up, the policy it is fed from, and the event loop it lives in."""

    runner: asyncio.Runner
    engine: VllmEngine
    policy: TrainedPolicy


def mean_difference(ours: Sequence[FloatArray], theirs: Sequence[FloatArray]) -> float:
    """Mean |log-probability difference| in nats per token."""
    return float(np.abs(np.concatenate(ours) - np.concatenate(theirs)).mean())
