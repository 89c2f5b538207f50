"""The learner's side of the shared-memory weight transfer.

    named tensors --write_weights--> /dev/shm/rlvr-<run id>/v000012.safetensors

The file appears whole or not at all. The version before it stays, for a generator that is being
replaced at that moment; older ones are removed. Who loads it is `shm_transfer`, in vLLM's worker.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import save_file

from rlvr.errors import InfrastructureError


def write_weights(
    named_tensors: Iterable[tuple[str, torch.Tensor]], directory: Path, version: int, dtype: torch.dtype
) -> Path:
    """Write one version of the weights and forget those before the previous one.

    Args:
        named_tensors: parameters under their Hugging Face names, any device, any float dtype; a
            tied parameter is given once.
        directory: made if it is missing; see `rlvr.weights.directory`.
        dtype: the type the tensors are stored in, best the engine's own.

    Raises:
        InfrastructureError: the weights do not fit into what is left there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    given = dict(named_tensors)
    _check_room(sum(tensor.numel() for tensor in given.values()) * dtype.itemsize, directory)
    tensors = {
        name: tensor.detach().to(device="cpu", dtype=dtype).contiguous() for name, tensor in given.items()
    }
    path = _path(directory, version)
    partial = path.with_suffix(".partial")
    save_file(tensors, partial)
    os.replace(partial, path)
    for old in directory.glob("v*.safetensors"):
        if old not in (path, _path(directory, version - 1)):
            old.unlink()
    return path


def _path(directory: Path, version: int) -> Path:
    return directory / f"v{version:06d}.safetensors"


def _check_room(needed: int, directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise InfrastructureError(
            f"{directory} has {free >> 20} MiB left and the weights need {needed >> 20} MiB: "
            "enlarge shared memory (docker: --shm-size; kubernetes: an emptyDir of medium Memory)"
        )
