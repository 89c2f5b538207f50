"""Optimizers on float32 master weights, with gradient clipping and a learning-rate schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from rlvr.errors import TrainingStoppedError

Schedule = Callable[[int], float]
"""Step number, from 0, to a factor of the learning rate."""


def constant_after_warmup(warmup_steps: int) -> Schedule:
    """Linear from 1/warmup to 1, then 1: the usual schedule of reinforcement learning."""
    return lambda step: min(1.0, (step + 1) / max(1, warmup_steps))


def adamw(
    model: nn.Module, *, learning_rate: float, betas: tuple[float, float], weight_decay: float
) -> list[torch.optim.Optimizer]:
    """AdamW whose weight decay spares vectors (norms, biases)."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return [torch.optim.AdamW(groups, lr=learning_rate, betas=betas, fused=True)]


def muon(
    model: nn.Module, *, learning_rate: float, betas: tuple[float, float], weight_decay: float
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the hidden layers, AdamW for the embedding, head and vectors.

    Muon orthogonalises each matrix's update; for a small model trained from scratch that reaches
    the same loss in a fraction of the tokens. The update is scaled to AdamW's size, so that one
    learning rate serves both (Liu et al. 2025, "Muon is scalable for LLM training", arXiv:2502.16982).
    """
    outer = ("embed_tokens", "lm_head")
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    hidden = [p for name, p in named if p.ndim == 2 and not any(part in name for part in outer)]
    rest = [p for name, p in named if p.ndim != 2 or any(part in name for part in outer)]
    return [
        torch.optim.Muon(hidden, lr=learning_rate, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=learning_rate, betas=betas, weight_decay=0.0, fused=True),
    ]


OPTIMIZERS = {"adamw": adamw, "muon": muon}


class Optimizer:
    """One or more torch optimizers stepped together under one schedule and one gradient norm."""

    def __init__(
        self, optimizers: Sequence[torch.optim.Optimizer], *, max_grad_norm: float, schedule: Schedule
    ) -> None:
        self._optimizers = optimizers
        self._peaks = [group["lr"] for group in self._groups()]
        self._max_grad_norm = max_grad_norm
        self._schedule = schedule
        self.step_count = 0

    def step(self) -> tuple[float, float]:
        """Clip, update, and clear the gradients; returns (norm before clipping, learning rate).

        Raises:
            TrainingStoppedError: the gradient is not finite. Nothing was updated; the gradient is cleared.
        """
        parameters = [p for group in self._groups() for p in group["params"]]
        norm = float(nn.utils.clip_grad_norm_(parameters, self._max_grad_norm))
        if not math.isfinite(norm):
            self.clear_gradients()
            raise TrainingStoppedError(
                f"the gradient of optimizer step {self.step_count} has norm {norm}; lower the learning rate, "
                "or resume from the last checkpoint"
            )
        factor = self._schedule(self.step_count)
        for group, peak in zip(self._groups(), self._peaks, strict=True):
            group["lr"] = peak * factor
        self.step_count += 1  # before the weights change: a step that breaks off half-way counts
        for optimizer in self._optimizers:
            optimizer.step()
        self.clear_gradients()
        return norm, self._peaks[0] * factor

    def clear_gradients(self) -> None:
        """Forget what was accumulated since the last step."""
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)

    def _groups(self) -> list[dict[str, Any]]:
        # Asked for anew each time: loading a state replaces them.
        return [group for optimizer in self._optimizers for group in optimizer.param_groups]

    def state(self) -> dict[str, Any]:
        """What a checkpoint needs to go on as if nothing had happened."""
        return {"optimizers": [o.state_dict() for o in self._optimizers], "step_count": self.step_count}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take moments and the step count from a state; learning rate, betas and decay stay as configured."""
        for optimizer, stored in zip(self._optimizers, state["optimizers"], strict=True):
            configured = [_settings(group) for group in optimizer.param_groups]
            optimizer.load_state_dict(stored)
            for group, settings in zip(optimizer.param_groups, configured, strict=True):
                group.update(settings)
        self.step_count = state["step_count"]


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}
