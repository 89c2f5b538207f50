"""Configs: frozen pydantic models read from TOML."""

from rlvr.config.base import Config, load_config, parse_config
from rlvr.config.run import (
    AuditConfig,
    CheckpointConfig,
    EngineConfig,
    EvalConfig,
    GRPOConfig,
    LearnerConfig,
    RewardConfig,
    RolloutConfig,
    RunConfig,
    VerifierConfig,
)
from rlvr.config.sft import SFTConfig

__all__ = [
    "AuditConfig",
    "CheckpointConfig",
    "Config",
    "EngineConfig",
    "EvalConfig",
    "GRPOConfig",
    "LearnerConfig",
    "RewardConfig",
    "RolloutConfig",
    "RunConfig",
    "SFTConfig",
    "VerifierConfig",
    "load_config",
    "parse_config",
]
