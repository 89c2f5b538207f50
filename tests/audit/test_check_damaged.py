"""Whatever is left of a damaged run, the check names it in a sentence."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from rlvr.audit.books.chain import CHAIN_FILE, Link, line_hash
from rlvr.audit.books.check import check_run
from rlvr.audit.books.schema import canonical_json
from tests.audit.sample_runs import write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_run(tmp_path, steps=2, groups=1, size=2)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        '{"step": "x", "attempt": 1}',
        '{"step": 0, "attempt": "a"}',
        '{"step": 0, "attempt": 1, "reward/mean": "0.5"}',
        '{"step": 0, "attempt": 1, "reward/mean": true}',
        '{"step": true, "attempt": 1}',
        '{"attempt": 1}',
        "[0, 1]",
        "[" * 100_000,
    ],
)
def test_a_line_of_metrics_that_no_run_writes_is_named(line: str, run: Path) -> None:
    with (run / "metrics.jsonl").open("a") as file:
        file.write(line + "\n")
    assert any("metrics.jsonl line 5 is damaged" in fault for fault in check_run(run).faults)


@pytest.mark.parametrize("change", [{"file": 5}, {"rows": "x"}, {"rows": True}, {"sha256": None}])
def test_a_line_of_the_chain_with_a_value_of_another_type_is_named(
    change: dict[str, object], run: Path
) -> None:
    chain = run / CHAIN_FILE
    lines = chain.read_bytes().splitlines()
    link = Link("verdicts/other/part-000000.parquet", "0" * 64, 0, line_hash(lines[-1]))
    with chain.open("a") as file:
        file.write(canonical_json(asdict(link) | change) + "\n")
    assert f"{CHAIN_FILE} line {len(lines) + 1}: not a chain line: a value is of another type" in (
        check_run(run).faults
    )


def test_a_line_of_the_chain_nested_too_deep_to_be_read_is_named(run: Path) -> None:
    (run / CHAIN_FILE).write_text("[" * 100_000 + "\n")
    assert any(f"{CHAIN_FILE} line 1: not a chain line" in fault for fault in check_run(run).faults)


def test_a_folder_in_the_place_of_a_file_is_named(run: Path) -> None:
    for name in ("metrics.jsonl", "manifest.json", "problems.parquet"):
        (run / name).unlink()
        (run / name).mkdir()
    faults = check_run(run).faults
    assert all(any(name in fault for fault in faults) for name in ("metrics.jsonl", "manifest.json"))
    assert "problems.parquet is missing" in faults


@pytest.mark.parametrize(
    "saved",
    [
        {"done": "3", "ledger_head": ""},
        {"done": float("inf"), "ledger_head": ""},
        {"done": 3, "ledger_head": None},
        [],
    ],
)
def test_a_checkpoint_that_says_nothing_sensible_is_named(saved: object, run: Path) -> None:
    folder = run / "checkpoints/step_000003"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(saved))
    [fault] = check_run(run).faults
    assert fault.startswith("checkpoints/step_000003/run.json is damaged: ")


def test_a_checkpoint_of_more_steps_than_there_can_be_is_soon_refused(run: Path) -> None:
    head = line_hash((run / CHAIN_FILE).read_bytes().splitlines()[-1])
    folder = run / "checkpoints/step_000003"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"done": 10**15, "ledger_head": head}))
    assert "the rows of step 2 are not before its head" in check_run(run).faults[0]
