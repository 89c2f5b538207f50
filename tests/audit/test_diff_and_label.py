"""Two runs side by side, and rollouts that become labelled cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rlvr.audit import Audit
from rlvr.audit.asking.sql import ask
from rlvr.audit.cli import app
from rlvr.audit.diff import compare_runs
from rlvr.audit.labels import LABELS_FILE, label_row
from rlvr.audit.told_diff import diff_data, told_diff
from rlvr.errors import ConfigError, LedgerError
from rlvr.rollouts import Sample
from tests.audit.sample_runs import origin, problem, rollout, scored_group, verdict, write_run
from verifiers.bench.cases import read_cases


def graded_run(
    run_dir: Path, scores: list[float], *, digest: str = "9f2c51d0a3b4", text: str = "answer"
) -> Path:
    """One group of one problem; the response with index i is the same in every such run."""
    given = origin().model_copy(update={"verifiers": {"math": digest}})
    audit = Audit(run_dir, "graded", given)
    samples = [
        Sample(f"r{i}", rollout(f"{text} {i}"), verdict(score=score, digest=digest))
        for i, score in enumerate(scores)
    ]
    audit.record(0, [scored_group(0, 0, samples, problem(0))])
    audit.close()
    return run_dir


def test_a_diff_tells_verdicts_rewards_and_origin_apart(tmp_path: Path) -> None:
    run_a = graded_run(tmp_path / "a", [1.0, 1.0, 0.0, 0.0])
    run_b = graded_run(tmp_path / "b", [1.0, 0.0, 0.0, 0.0], digest="000000000000")
    found = compare_runs(run_a, run_b)
    assert found.made == {"verifier.math": ("9f2c51d0a3b4", "000000000000")}
    assert found.confusion == {("right", "right"): 1, ("right", "wrong"): 1, ("wrong", "wrong"): 2}
    assert found.flips == {("math", "equal", "wrong", "not_equal"): 1}
    [shift] = found.shifts
    assert (shift.data_source, shift.problems, shift.before, shift.after) == ("tests__math", 1, 0.5, 0.25)


def test_a_run_does_not_differ_from_itself(tmp_path: Path) -> None:
    write_run(tmp_path, steps=4, groups=4, size=4)
    found = compare_runs(tmp_path, tmp_path)
    assert (found.made, found.flips, found.gates, found.p_value) == ({}, {}, {}, 1.0)
    assert all(a == b for a, b in found.confusion)
    assert all(shift.before == shift.after for shift in found.shifts)


def test_a_diff_is_printed_inert_and_as_json(tmp_path: Path) -> None:
    run_a = graded_run(tmp_path / "a", [1.0, 0.0])
    run_b = graded_run(tmp_path / "b", [0.0, 0.0], digest="\x1b[31m\u202e")
    found = compare_runs(run_a, run_b)
    assert r"\x1b[31m\u202e" in told_diff(found)
    assert "\x1b" not in told_diff(found)
    printed = CliRunner().invoke(app, ["diff", str(run_a), str(run_b), "--json"]).output
    assert json.loads(printed) == diff_data(found)


def test_a_labelled_rollout_is_a_case_that_the_bench_reads(tmp_path: Path) -> None:
    graded_run(tmp_path, [1.0, 0.0], text=r"\boxed{4}")
    rows = ask(tmp_path, "SELECT row_hash FROM held ORDER BY rollout_id").rows
    for (row,), expected in zip(rows, ("wrong", "right"), strict=True):
        done = CliRunner().invoke(app, ["label", str(tmp_path), str(row), expected])
        assert done.exit_code == 0
    first, second = read_cases(tmp_path / LABELS_FILE)
    assert (first.expected, first.kind, first.response) == ("wrong", "was_right", r"\boxed{4} 0")
    assert (second.expected, second.kind, second.verifier) == ("right", "was_wrong", "math")
    assert second.ground_truth == "4"
    assert second.prompt == "2 + 2 = ?"


def test_a_label_can_be_corrected_and_named_by_the_beginning_of_its_hash(tmp_path: Path) -> None:
    graded_run(tmp_path, [1.0, 0.0])
    row = str(ask(tmp_path, "SELECT row_hash FROM held").rows[0][0])
    target = tmp_path / "cases.jsonl"
    label_row(tmp_path, row, "wrong", target)
    label_row(tmp_path, row[:12], "right", target)
    [case] = read_cases(target)
    assert case.expected == "right"


@pytest.mark.parametrize("row", ["", "0000000", "not-a-hash", "%", "\x1b[31m-row"])
def test_a_row_that_is_not_one_is_refused(row: str, tmp_path: Path) -> None:
    graded_run(tmp_path, [1.0, 0.0])
    with pytest.raises(ConfigError) as refused:
        label_row(tmp_path, row, "right", tmp_path / LABELS_FILE)
    assert "\x1b" not in str(refused.value)
    assert not (tmp_path / LABELS_FILE).exists()


def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    graded_run(tmp_path, [1.0, 0.0])
    row = str(ask(tmp_path, "SELECT row_hash FROM held").rows[0][0])
    target = tmp_path / "notes.txt"
    target.write_text("my notes\n")
    with pytest.raises(LedgerError, match="holds no labelled cases"):
        label_row(tmp_path, row, "right", target)
    assert target.read_text() == "my notes\n"
