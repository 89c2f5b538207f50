"""What to prepare, as a TOML file says it.

out = "data/guru"

[[sources]]
kind = "guru"
path = "guru-RL-92k"

[clean]
benchmarks = ["benchmarks/aime.jsonl", "guru-RL-92k/offline_eval/math__math_500.parquet"]
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from guru_data.config import Config, SourceConfig
from guru_data.difficulty import DifficultyConfig, Rate
from guru_data.errors import PrepareError


class CleanConfig(Config):
    """What is compared, and with what."""

    benchmarks: tuple[Path, ...] = ()
    """Files of benchmark questions, `.jsonl` or `.parquet`; problems that ask the same are removed."""
    graded_programs: Rate = 0.02
    """Share of the programming problems whose reference is run against its tests; each run starts a
    sandbox. References of all other verifiers are graded every one."""


class PrepareConfig(Config):
    """One training set."""

    out: Path
    """The folder to make; there must be none yet."""
    sources: Annotated[tuple[SourceConfig, ...], Field(min_length=1)]
    """In order of trust: of two problems that ask the same the earlier one is kept."""
    clean: CleanConfig = CleanConfig()
    difficulty: DifficultyConfig = DifficultyConfig()


def load_prepare_config(path: Path) -> PrepareConfig:
    """Read a config; raises PrepareError with one clause per fault."""
    try:
        return PrepareConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PrepareError(f"cannot read the config {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PrepareError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise PrepareError(f"{path}: {'; '.join(faults)}") from error
