"""How an error becomes a sentence and an exit code, whatever text it carries."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rlvr.cli.app import fail
from rlvr.errors import InfrastructureError


def test_what_was_noted_on_an_error_follows_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    error = InfrastructureError("the learner is gone")
    error.add_note("its log is in runs/r/logs")
    error.add_note("the run goes on with --resume")
    with pytest.raises(SystemExit) as ended:
        fail(error, 4)
    assert ended.value.code == 4
    assert capsys.readouterr().err.splitlines() == [
        "rlvr: the learner is gone",
        "its log is in runs/r/logs",
        "the run goes on with --resume",
    ]


def test_an_error_carries_no_character_to_the_terminal_that_acts_there() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "rlvr", "config", "show", "\x1b[31mred\u202e.toml"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 2
    assert told.stderr == "rlvr: cannot read the config \\x1b[31mred\\u202e.toml: No such file or directory\n"
