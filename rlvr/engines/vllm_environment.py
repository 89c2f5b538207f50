"""The environment variables under which a vLLM engine's processes are started.

    EngineConfig -> {name: value}, in force while the engine starts and inherited by its processes

vLLM reads them when it is imported or when its engine process begins, so they cannot be arguments.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rlvr.config import EngineConfig
from rlvr.weights.vllm_plugin import SCRATCH_VARIABLE


def engine_environment(config: EngineConfig, model_path: str, scratch: str) -> dict[str, str]:
    """What this engine's processes need; what the user has set about logging stays.

    Args:
        scratch: a directory of this engine's own. vLLM leaves its sockets behind, in /tmp by default.
    """
    environment = {
        SCRATCH_VARIABLE: scratch,
        "TMPDIR": scratch,
        "VLLM_RPC_BASE_PATH": scratch,
        "VLLM_LOGGING_LEVEL": os.environ.get("VLLM_LOGGING_LEVEL", "ERROR"),
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_ENGINE_READY_TIMEOUT_S": str(int(config.start_timeout_s)),
    }
    if Path(model_path).is_dir():
        environment["HF_HUB_OFFLINE"] = "1"
    if config.device == "cpu":
        environment |= _cpu_environment(config)
    return environment


def lasting_environment(config: EngineConfig) -> dict[str, str]:
    """What vLLM reads anew at each message to its engine process, so that it must stay set."""
    # CUDA memory handles are no plain data: vLLM sends them to its own worker only with this.
    return {"VLLM_ALLOW_INSECURE_SERIALIZATION": "1"} if config.transfer == "ipc" else {}


def _cpu_environment(config: EngineConfig) -> dict[str, str]:
    return {
        "OMP_NUM_THREADS": str(config.threads),
        # Idle OpenMP threads sleep: the learner takes its turn on the same cores.
        "OMP_WAIT_POLICY": "PASSIVE",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        # Sampling holds one small compiled function. Compiling it takes 4 to 24 s at the first request
        # and a C++ compiler; uncompiled it is no slower.
        "TORCH_COMPILE_DISABLE": "1",
    }


@contextmanager
def environment_of(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the processes started inside, and put the old values back."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
