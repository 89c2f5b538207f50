"""`--dry-run` finds what would fail later, says what would run, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rlvr.cli.app import app
from rlvr.errors import ConfigError

EVALUATION = """
name = "run"
model = "{model}"
steps = 1
[data]
kind = "synthetic"
domains = ["math"]
heldout_per_domain = 12
[eval]
problems = 5
samples = 3
[engine]
max_model_len = 512
kv_cache_gib = 0.25
"""


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_an_evaluation_says_what_it_would_try_and_starts_nothing(tiny_model: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(EVALUATION.format(model=tiny_model))
    for split in ("heldout", "train"):
        told = CliRunner().invoke(app, ["eval", str(config), "--split", split, "--dry-run"])
        assert told.output == (
            f"{tiny_model}: 3 completions of each of 5 {split} problems; nothing was started\n"
        )
    assert files_below(tmp_path) == ["run.toml"]


def test_an_evaluation_that_cannot_run_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(EVALUATION.format(model=tiny_model))
    too_long = ["--set", "engine.max_model_len=2000", "--set", "learner.row_tokens=2000"]
    told = CliRunner().invoke(app, ["eval", str(config), "--dry-run", *too_long])
    assert isinstance(told.exception, ConfigError)
    assert "is longer than the 1024 positions" in str(told.exception)


@pytest.fixture
def supervised(tiny_model: Path, tmp_path: Path) -> Path:
    turns = [{"role": "user", "content": "1+1=?"}, {"role": "assistant", "content": "2"}]
    (tmp_path / "data.jsonl").write_text((json.dumps({"messages": turns}) + "\n") * 3)
    paths = f'model = "{tiny_model}"\ndata = "{tmp_path}/data.jsonl"\nout = "{tmp_path}/out"\n'
    config = tmp_path / "sft.toml"
    config.write_text(paths + "steps = 9\nrow_tokens = 64\n")
    return config


def test_supervised_training_says_what_it_would_learn_and_starts_nothing(
    supervised: Path, tmp_path: Path
) -> None:
    told = CliRunner().invoke(app, ["sft", str(supervised), "--dry-run"])
    assert told.output == (
        f"{tmp_path}/out: 9 steps of at most 8 rows of 64 tokens on 3 conversations with 6 learned tokens; "
        "nothing was started\n"
    )
    assert files_below(tmp_path) == ["data.jsonl", "sft.toml"]


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        pytest.param("row_tokens=4", "at most row_tokens=4", id="too-long-for-a-row"),
        pytest.param("model=/nowhere", "model = '/nowhere' is no directory here", id="no-model"),
    ],
)
def test_supervised_training_that_cannot_run_is_refused(
    supervised: Path, override: str, sentence: str
) -> None:
    told = CliRunner().invoke(app, ["sft", str(supervised), "--dry-run", "--set", override])
    assert isinstance(told.exception, ConfigError)
    assert sentence in str(told.exception)
