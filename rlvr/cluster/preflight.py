"""Checks before anything is started: one sentence that says what would fail later, and the fix.

    RunConfig --preflight--> nothing, or ConfigError       this machine, Ray not needed
    RunConfig --check_cluster--> nothing, or ConfigError   what a joined Ray has

Estimates count what is certain (weights, optimizer states, KV cache) and not activations, so a run that
is refused could not have worked.
"""

from __future__ import annotations

import ray

from rlvr.cluster.machine import available_memory_bytes, free_shared_memory_bytes
from rlvr.cluster.model_files import ModelFacts, describe_model
from rlvr.cluster.verifier_service import claim_port
from rlvr.config import RunConfig
from rlvr.engines.precision import resolve_dtype
from rlvr.errors import ConfigError
from rlvr.weights.transfer import resolve_transfer

GIB = 2**30
LEARNER_BYTES_PER_PARAMETER = 16
"""float32 master weight, gradient and AdamW's two moments."""
PROCESS_BYTES = GIB
"""A process with torch and vLLM or transformers loaded: 0.5 GiB was seen, the rest is for its work."""
VERSIONS_IN_SHARED_MEMORY = 3
"""The one being written, the current one, and the one before for a generator that is replaced."""
DTYPE_BYTES = {"bfloat16": 2, "float32": 4}


def preflight(config: RunConfig) -> None:
    """Check a run against this machine.

    Raises:
        ConfigError: no such model, the verifier's port is taken, a GPU is asked for and there is none,
            or the model does not fit.
    """
    facts = describe_model(config.model)
    if config.verifier.kind != "url":
        claim_port(config.verifier.port)
    if config.ray_address == "local":
        _check_local_gpus(config)
    if facts is not None:
        _check_length(config, facts)
        _check_memory(config, facts.parameters)
        _check_shared_memory(config, facts.parameters)


def check_cluster(config: RunConfig) -> None:
    """Check a run against the Ray it has joined.

    Raises:
        ConfigError: more GPUs are asked for than the cluster has.
    """
    _check_gpu_count(config, int(ray.cluster_resources().get("GPU", 0)), "the cluster")


def _check_local_gpus(config: RunConfig) -> None:
    if not _gpus_asked(config):
        return
    from rlvr.learner.probe import built_for_cuda, visible_gpus

    if not built_for_cuda():
        raise ConfigError(
            'device = "cuda" needs a torch built for CUDA and this one is for CPUs: install '
            '"rlvr-cluster[gpu]", or set engine.device and learner.device to "cpu"'
        )
    _check_gpu_count(config, len(visible_gpus()), "this machine")


def _check_gpu_count(config: RunConfig, present: int, owner: str) -> None:
    asked = _gpus_asked(config)
    if asked > present:
        raise ConfigError(
            f"{asked} GPUs are asked for (engine.replicas={config.engine.replicas} x engine.tensor_parallel="
            f"{config.engine.tensor_parallel} on {config.engine.device}, the learner on "
            f"{config.learner.device}) and {owner} has {present}"
        )


def _gpus_asked(config: RunConfig) -> int:
    if config.engine.transfer == "ipc":
        return 1
    engines = config.engine.replicas * config.engine.tensor_parallel if config.engine.device == "cuda" else 0
    return engines + (config.learner.device == "cuda")


def _check_length(config: RunConfig, facts: ModelFacts) -> None:
    if facts.max_positions is not None and config.engine.max_model_len > facts.max_positions:
        raise ConfigError(
            f"engine.max_model_len={config.engine.max_model_len} is longer than the {facts.max_positions} "
            f"positions of {config.model!r}"
        )


def _check_memory(config: RunConfig, parameters: int) -> None:
    """Host memory for the parts that run on the CPU; what a GPU holds is for its library to check."""
    learner = engine = 0
    if config.learner.device == "cpu":
        learner = parameters * LEARNER_BYTES_PER_PARAMETER + PROCESS_BYTES
    if config.engine.device == "cpu":
        kv_cache = int(config.engine.kv_cache_gib * GIB)
        engine = parameters * _engine_dtype_bytes(config) + kv_cache + PROCESS_BYTES
    needed = learner + config.engine.replicas * engine + _shared_bytes(config, parameters)
    available = available_memory_bytes()
    if needed > available:
        raise ConfigError(
            f"{_name(config, parameters)} needs at least {needed / GIB:.1f} GiB of memory here "
            f"({learner / GIB:.1f} for the learner, {engine / GIB:.1f} for each engine) and "
            f"{available / GIB:.1f} GiB are left: take a smaller model, fewer engine.replicas or less "
            "engine.kv_cache_gib"
        )


def _check_shared_memory(config: RunConfig, parameters: int) -> None:
    needed, free = _shared_bytes(config, parameters), free_shared_memory_bytes()
    if needed > free:
        raise ConfigError(
            f"{_name(config, parameters)} needs {needed / GIB:.2f} GiB of /dev/shm for its weights and "
            f"{free / GIB:.2f} GiB are left: enlarge it (docker: --shm-size; kubernetes: an emptyDir of "
            "medium Memory)"
        )


def _name(config: RunConfig, parameters: int) -> str:
    return f"model {config.model!r} with {parameters / 1e6:.1f} million parameters"


def _shared_bytes(config: RunConfig, parameters: int) -> int:
    if resolve_transfer(config.engine) != "shm":
        return 0
    return VERSIONS_IN_SHARED_MEMORY * parameters * _engine_dtype_bytes(config)


def _engine_dtype_bytes(config: RunConfig) -> int:
    return DTYPE_BYTES[resolve_dtype(config.engine.dtype, config.engine.device)]
