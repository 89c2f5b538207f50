"""The engines by name, imported on use.

    EngineConfig.kind --build_engine--> Engine (not started)

A third party's engine is named by its import path, `package.module:Class`.
"""

from __future__ import annotations

import importlib

from rlvr.config import EngineConfig
from rlvr.engines.base import Engine
from rlvr.errors import ConfigError

ENGINES: dict[str, str] = {
    "vllm": "rlvr.engines.vllm_engine:VllmEngine",
}


def build_engine(config: EngineConfig, model_path: str, seed: int) -> Engine:
    """Make the engine that `config.kind` names.

    Raises:
        ConfigError: there is no such engine, or it cannot be imported.
    """
    path = ENGINES.get(config.kind, config.kind)
    module_name, separator, class_name = path.partition(":")
    if not separator:
        raise ConfigError(
            f"engine.kind = {config.kind!r}: have {sorted(ENGINES)}, or give 'package.module:Class'"
        )
    try:
        engine_class = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"engine.kind = {config.kind!r} cannot be imported: {error}") from error
    engine: Engine = engine_class(config, model_path, seed)
    return engine
