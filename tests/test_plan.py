"""What `plan` says of a run's directory: a remedy that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlvr.config import RunConfig, parse_config
from rlvr.errors import ConfigError
from rlvr.wire import plan


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    raw = {"name": "run", "model": "m", "steps": 1, "data": {"kind": "synthetic"}, "out_dir": str(tmp_path)}
    return parse_config(RunConfig, raw)


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_died_before_its_first_checkpoint_is_to_be_moved_away(
    config: RunConfig, tmp_path: Path, resume: bool
) -> None:
    (tmp_path / "run" / "ledger").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"run holds no checkpoint .*: move it away or choose another name"):
        plan(config, resume=resume)


def test_a_run_with_a_checkpoint_is_to_be_resumed(config: RunConfig, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run" / "checkpoints" / "step_000001"
    checkpoint.mkdir(parents=True)
    (checkpoint / "state.pt").touch()
    with pytest.raises(ConfigError, match="run exists: go on with --resume, or choose another name"):
        plan(config, resume=False)


def test_a_run_that_never_began_is_not_to_be_resumed(config: RunConfig) -> None:
    with pytest.raises(ConfigError, match=r"there is no .*run to resume; run without --resume"):
        plan(config, resume=True)
