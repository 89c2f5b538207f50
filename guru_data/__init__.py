"""Problems with provenance, for training by reinforcement learning with verifiable rewards.

    SourceConfig --load_problems--> list[Problem] --ProblemStream--> batches

What a trainer calls is here; a problem is graded by the verifier it names, elsewhere.
"""

from __future__ import annotations

from guru_data.config import (
    GuruConfig,
    HuggingfaceConfig,
    JsonlConfig,
    ParquetConfig,
    ReasoningGymConfig,
    SourceConfig,
    SyntheticConfig,
)
from guru_data.curricula.base import Outcome
from guru_data.curricula.config import (
    CurriculumConfig,
    DifficultyAwareConfig,
    MixtureConfig,
    StageConfig,
    StagedConfig,
)
from guru_data.errors import (
    CursorError,
    GuruDataError,
    PrepareError,
    SourceConfigError,
    SourceError,
    UnknownSourceError,
)
from guru_data.problem import Domain, Message, Problem, Rejected, Split
from guru_data.sources import load_problems, parse_source_config
from guru_data.stream import Cursor, ProblemStream
from guru_data.synthetic.demonstrations import Demonstration, demonstrations

__all__ = [
    "CurriculumConfig",
    "Cursor",
    "CursorError",
    "Demonstration",
    "DifficultyAwareConfig",
    "Domain",
    "GuruConfig",
    "GuruDataError",
    "HuggingfaceConfig",
    "JsonlConfig",
    "Message",
    "MixtureConfig",
    "Outcome",
    "ParquetConfig",
    "PrepareError",
    "Problem",
    "ProblemStream",
    "ReasoningGymConfig",
    "Rejected",
    "SourceConfig",
    "SourceConfigError",
    "SourceError",
    "Split",
    "StageConfig",
    "StagedConfig",
    "SyntheticConfig",
    "UnknownSourceError",
    "demonstrations",
    "load_problems",
    "parse_source_config",
]
