"""What the check and the gate say on a terminal, of hostile runs and of empty ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rlvr.audit import Audit
from rlvr.audit.books.chain import CHAIN_FILE
from rlvr.audit.cli import app
from tests.audit.sample_runs import origin, write_run

HOSTILE = "\x1b[2J\u202e\nattempt 1: all is well"


def asked(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_no_name_of_a_file_and_no_head_acts_on_the_terminal(tmp_path: Path) -> None:
    write_run(tmp_path, steps=1, groups=1, size=2)
    (tmp_path / "evals" / HOSTILE.replace("/", "")).write_text("")
    folder = tmp_path / "checkpoints/step_000001"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"done": 1, "ledger_head": HOSTILE}))
    code, said = asked("check", str(tmp_path))
    assert code == 3
    assert said.count(r"\x1b[2J\u202e\nattempt 1") == 2
    assert said.isascii()
    assert len(said.splitlines()) == 2


def emptied(run_dir: Path) -> None:
    """All that was recorded is gone, the manifest is left."""
    write_run(run_dir, steps=2, groups=1, size=2)
    for folder in run_dir.glob("ledger/step=*"):
        shutil.rmtree(folder)
    shutil.rmtree(run_dir / "evals")
    for name in (str(CHAIN_FILE), "metrics.jsonl"):
        (run_dir / name).write_text("")


def test_what_is_left_of_an_emptied_run_is_not_in_its_chain(tmp_path: Path) -> None:
    emptied(tmp_path)
    code, said = asked("check", str(tmp_path))
    assert code == 3
    assert [line.removeprefix("FAIL: ").split()[0] for line in said.splitlines()] == [
        "manifest.json", "problems.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "verdict"),
    [
        pytest.param(emptied, "FAIL", id="emptied"),
        pytest.param(
            lambda run_dir: Audit(run_dir, "e", origin()).close(), "not measured", id="without-a-step"
        ),
    ],
)
def test_a_run_without_rollouts_does_not_pass_its_gates(make: object, verdict: str, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path)
    code, _ = asked("report", str(tmp_path), "--gate")
    assert code == 3
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == verdict
