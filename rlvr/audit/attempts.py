"""What each attempt of a run was configured to do: a resume may change its config.

run directory --attempt_configs--> one RunConfig per attempt, the first attempt's first
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from rlvr.audit.books.manifest import Origin, read_config, read_manifest
from rlvr.config import RunConfig


def attempt_configs(run_dir: Path) -> list[RunConfig | None]:
    """The config of each attempt; None for an imported one, and for an earlier one of another version.

    Raises:
        LedgerError: the manifest is missing or damaged, or its latest config is not one of this version's.
    """
    *earlier, _ = read_manifest(run_dir).attempts
    return [*map(_config, earlier), read_config(run_dir)]


def _config(origin: Origin) -> RunConfig | None:
    if origin.imported is not None:
        return None
    try:
        return RunConfig.model_validate(origin.config)
    except ValidationError:
        return None  # the versions between added keys or took them away: nothing can be held against it
