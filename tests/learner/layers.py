"""Counts what the layers of a model compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers.models.qwen3.modeling_qwen3 import Qwen3DecoderLayer


@contextmanager
def layer_forwards() -> Iterator[list[str]]:
    """Grows by one whenever a layer of any model begins to compute what a gradient is taken of."""
    seen: list[str] = []

    def note(module: torch.nn.Module, *_: object) -> None:
        if isinstance(module, Qwen3DecoderLayer) and torch.is_grad_enabled():
            seen.append(type(module).__name__)

    handle = torch.nn.modules.module.register_module_forward_pre_hook(note)
    try:
        yield seen
    finally:
        handle.remove()
