"""A run as a dataset, loaded by `datasets` itself without a network, and still to be proved."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rlvr.audit import Audit
from rlvr.audit.books.chain import Chain
from rlvr.audit.books.check import check_run
from rlvr.audit.books.sealing import seal_file
from rlvr.audit.cli import app
from rlvr.audit.exchange.exporting import export_run
from rlvr.audit.opinions.stored import write_opinions
from rlvr.errors import ConfigError, LedgerError
from tests.audit.sample_runs import origin, small_step, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, steps=6, groups=4, size=4)
    opinion = {"opinion": "other", "row_hash": "00", "status": "graded", "score": 1.0}
    chain = Chain(folder)
    seal_file(chain, folder, write_opinions(folder, "other", [opinion]))
    chain.close()
    return folder


def test_datasets_loads_every_configuration(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset
    from huggingface_hub import DatasetCard

    folder = tmp_path / "dataset"
    done = CliRunner().invoke(app, ["export", str(run), str(folder), "--json"])
    counts = json.loads(done.stdout)["rows"]
    assert counts == {"rollouts": 96, "problems": counts["problems"], "verdicts": 1}
    for name, count in counts.items():
        loaded = load_dataset(str(folder), name, split="train", cache_dir=str(tmp_path / "cache"))
        assert loaded.num_rows == count
    default = load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert {"response", "reward", "row_hash"} <= set(default.column_names)
    assert DatasetCard.load(folder / "README.md").data.license == "cc0-1.0"


def test_an_export_can_be_checked_by_whoever_has_the_head(run: Path, tmp_path: Path) -> None:
    made = export_run(run, tmp_path / "dataset")
    found = check_run(tmp_path / "dataset", made.head)
    assert (found.faults, found.rows, found.head) == ([], 96, check_run(run).head)
    [*_, last] = sorted((tmp_path / "dataset" / "ledger").glob("step=*"))
    shutil.rmtree(last)
    assert not check_run(tmp_path / "dataset", made.head).ok


def test_names_that_others_chose_cannot_break_out_of_the_card(tmp_path: Path) -> None:
    hostile = "x\n---\nlicense: mit\n# `<script>`\u202e"
    audit = Audit(tmp_path / "run", hostile, origin())
    audit.record(0, small_step())
    audit.close()
    export_run(tmp_path / "run", tmp_path / "dataset")
    card = (tmp_path / "dataset" / "README.md").read_text()
    _, matter, text = card.split("---\n", 2)
    assert json.loads(matter)["pretty_name"] == f"Rollouts of {hostile}"
    assert "\u202e" not in card
    assert text.splitlines()[1].startswith("# Rollouts of `x ---")


def test_what_cannot_be_proved_is_not_exported(run: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(run, damaged)
    (damaged / "metrics.jsonl").write_text('{"step": 0, "attempt": 1, "reward/mean": 7.0}\n')
    with pytest.raises(LedgerError, match="do not hold"):
        export_run(damaged, tmp_path / "dataset")
    audit = Audit(tmp_path / "going", "going", origin())
    audit.record(0, small_step())
    with pytest.raises(LedgerError, match="was not finished"):
        export_run(tmp_path / "going", tmp_path / "dataset")
    audit.close()
    assert not (tmp_path / "dataset").exists()


def test_a_folder_that_holds_something_is_left_alone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds something already"):
        export_run(run, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
