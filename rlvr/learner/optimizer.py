"""AdamW on float32 master weights, with gradient clipping and a learning-rate schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from rlvr.errors import TrainingStoppedError

Schedule = Callable[[int], float]
"""Step number, from 0, to a factor of the learning rate."""


def constant_after_warmup(warmup_steps: int) -> Schedule:
    """Linear from 1/warmup to 1, then 1: the usual schedule of reinforcement learning."""
    return lambda step: min(1.0, (step + 1) / max(1, warmup_steps))


def cosine_after_warmup(warmup_steps: int, total_steps: int, floor: float = 0.1) -> Schedule:
    """Linear warm-up, then half a cosine down to `floor` of the peak."""

    def factor(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
        return floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))

    return factor


class Optimizer:
    """AdamW whose weight decay spares vectors (norms, biases)."""

    def __init__(
        self,
        model: nn.Module,
        *,
        learning_rate: float,
        betas: tuple[float, float],
        weight_decay: float,
        max_grad_norm: float,
        schedule: Schedule,
    ) -> None:
        parameters = [p for p in model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        self._parameters = parameters
        self._adamw = torch.optim.AdamW(groups, lr=learning_rate, betas=betas, fused=True)
        self._learning_rate = learning_rate
        self._schedule = schedule
        self._max_grad_norm = max_grad_norm
        self.step_count = 0

    def step(self) -> tuple[float, float]:
        """Clip, update, and clear the gradients; returns (norm before clipping, learning rate).

        Raises:
            TrainingStoppedError: the gradient is not finite. Nothing was updated.
        """
        norm = float(nn.utils.clip_grad_norm_(self._parameters, self._max_grad_norm))
        if not math.isfinite(norm):
            raise TrainingStoppedError(
                f"the gradient of optimizer step {self.step_count} has norm {norm}; lower the learning rate, "
                "or resume from the last checkpoint"
            )
        rate = self._learning_rate * self._schedule(self.step_count)
        for group in self._adamw.param_groups:
            group["lr"] = rate
        self._adamw.step()
        self._adamw.zero_grad(set_to_none=True)
        self.step_count += 1
        return norm, rate

    def state(self) -> dict[str, Any]:
        """What a checkpoint needs to go on as if nothing had happened."""
        return {"adamw": self._adamw.state_dict(), "step_count": self.step_count}

    def load_state(self, state: dict[str, Any]) -> None:
        self._adamw.load_state_dict(state["adamw"])
        self.step_count = state["step_count"]
