"""The manifest says what each attempt was made from, and the audit opens and resumes runs by it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from rlvr.audit import Audit, describe
from rlvr.audit.books.check import check_run
from rlvr.audit.books.manifest import GitState, git_state, read_manifest
from rlvr.config import RunConfig
from rlvr.errors import LedgerError
from tests.audit.sample_runs import origin, small_step


def test_the_origin_holds_hashes_versions_and_the_command(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    config = RunConfig.model_validate(
        {"name": "n", "model": str(tmp_path), "steps": 1, "seed": 7, "data": {"kind": "synthetic"}}
    )
    found = describe(config, model_dir=tmp_path, verifiers={"math": "d1"}, command=("rlvr", "train"))
    assert found.model_files == {"model.safetensors": hashlib.sha256(b"weights").hexdigest()}
    assert (found.seed, found.verifiers, found.command) == (7, {"math": "d1"}, ("rlvr", "train"))
    assert found.config["steps"] == 1
    assert "pyarrow" in found.libraries

    other = describe(
        config.model_copy(update={"seed": 8}), model_dir=tmp_path, verifiers={}, command=("rlvr",)
    )
    assert other.config_sha256 != found.config_sha256


def test_the_git_state_tells_a_changed_tree_from_a_clean_one(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    (tmp_path / "file").write_text("one")
    for command in (["init", "-q"], ["add", "file"], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, timeout=20)
    clean = git_state(tmp_path)
    assert clean is not None
    assert not clean.dirty
    (tmp_path / "file").write_text("two")
    assert git_state(tmp_path) == GitState(sha=clean.sha, dirty=True)


def test_a_resume_adds_an_attempt_to_the_same_run(tmp_path: Path) -> None:
    first = Audit(tmp_path, "run", origin())
    first.record(0, small_step(0))
    first.log(0, {"time/step": 1.0})
    first.finish()
    second = Audit(tmp_path, "run", origin(), resume=True)
    assert (second.run_id, second.attempt) == (first.run_id, 2)
    second.record(1, small_step(1))
    second.finish()
    assert len(read_manifest(tmp_path).attempts) == 2
    result = check_run(tmp_path, second.head)
    assert result.faults == []
    assert sorted(result.balances) == [1, 2]


def test_a_taken_directory_and_an_empty_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no run to resume"):
        Audit(tmp_path / "new", "run", origin(), resume=True)
    Audit(tmp_path / "taken", "run", origin()).finish()
    with pytest.raises(LedgerError, match="already holds a run"):
        Audit(tmp_path / "taken", "run", origin())


def test_a_second_resume_of_a_running_run_changes_nothing(tmp_path: Path) -> None:
    running = Audit(tmp_path, "run", origin())
    before = (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(LedgerError, match="held by another process"):
        Audit(tmp_path, "run", origin(), resume=True)
    assert (tmp_path / "manifest.json").read_bytes() == before
    running.finish()
