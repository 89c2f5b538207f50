"""Which way weights take from the learner to the generators.

    EngineConfig -> "shm" | "nccl" | "ipc"

`shm` is a file in shared memory: learner and generators share a host, and a generator can read it at
any time, so a replacement catches up alone. The others push from GPU to GPU.
"""

from __future__ import annotations

from typing import Literal

from rlvr.config import EngineConfig

IPC_SHARE = 0.5
"""Of one GPU, for Ray: with `ipc` learner and generator sit on the same one."""


def resolve_transfer(config: EngineConfig) -> Literal["shm", "nccl", "ipc"]:
    """`auto` is the file on CPU and NCCL on GPUs."""
    if config.transfer != "auto":
        return config.transfer
    return "shm" if config.device == "cpu" else "nccl"
