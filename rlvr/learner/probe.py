"""What torch sees of this machine, for checks before a run and for the doctor.

Imports torch, which takes seconds: callers import this module when they need it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Gpu:
    """One CUDA device."""

    name: str
    memory_bytes: int


def visible_gpus() -> list[Gpu]:
    """The CUDA devices that this process may use; none where torch is built without CUDA."""
    if not torch.cuda.is_available():
        return []
    devices = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [Gpu(device.name, device.total_memory) for device in devices]


def built_for_cuda() -> bool:
    """Whether this torch can use a GPU at all."""
    return torch.version.cuda is not None
