"""Gates on second opinions of a sample: what they say is about all rollouts, and not about those drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlvr.audit import Audit
from rlvr.audit.asking.sql import ask
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.audit.gates import Level
from rlvr.audit.opinions.stored import OPINION_SCHEMA
from rlvr.rollouts import Sample
from tests.audit.sample_runs import origin, problem, rollout, scored_group, verdict
from tests.audit.test_gates import one_gate
from tests.audit.test_rates import judged_run


def with_opinion(run_dir: Path, name: str, score: str, drawn: str = "true") -> Path:
    """A second opinion on the rows that were `drawn`, both SQL expressions over a held row."""
    rows = ask(run_dir, f"SELECT row_hash, ({score})::DOUBLE FROM held WHERE {drawn}").rows
    opinions = [
        dict.fromkeys(OPINION_SCHEMA.names)
        | {"opinion": name, "row_hash": row_hash, "status": "graded", "score": found}
        for row_hash, found in rows
    ]
    write_whole(run_dir / f"verdicts/{name}/part-000000.parquet", parquet_bytes(opinions, OPINION_SCHEMA))
    return run_dir


def test_the_share_that_differs_is_of_all_rollouts_and_not_of_those_drawn(tmp_path: Path) -> None:
    groups = [[(1.0, 1.0)] * 9 + [(0.0, 1.0)] for _ in range(36)]
    found = one_gate(judged_run(tmp_path, {"math": groups}, {0.0: 1, 1.0: 9}), "second_opinion").found
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(0.1), 72)  # half of those drawn
    assert found.high < 0.3


def test_problems_on_which_every_verdict_differs_are_as_many_draws_as_they_are_problems(
    tmp_path: Path,
) -> None:
    apart = [[(1.0, 0.0 if g < 24 else 1.0)] + [(1.0, 1.0)] * 7 for g in range(40)]
    together = [[(1.0, 0.0 if g < 3 else 1.0)] * 8 for g in range(40)]
    levels = []
    for name, groups in (("apart", apart), ("together", together)):
        gate = one_gate(judged_run(tmp_path / name, {"math": groups}, {0.0: 1, 1.0: 1}), "second_opinion")
        assert gate.found is not None
        assert gate.found.value == pytest.approx(24 / 320)
        levels.append(gate.level)
    assert levels == [Level.FAIL, Level.WARN]


def declining(run_dir: Path) -> Path:
    """Of 32 rollouts of a step four are refused wrongly; of the others ever fewer are right."""
    audit = Audit(run_dir, "declining", origin())
    for step in range(8):
        right = 24 if step < 4 else 4
        samples = [
            Sample(f"{step}/{i}", rollout(), verdict(score=float(i < right), answer=f"{i >= right + 4}"))
            for i in range(32)
        ]
        audit.record(step, [scored_group(step, 0, samples, problem(step))])
    audit.close()
    return run_dir


def test_a_sample_that_changes_with_the_outcomes_is_no_gap_that_grows(tmp_path: Path) -> None:
    truth = "answer = 'False'"
    whole = with_opinion(declining(tmp_path / "whole"), "other", truth)
    drawn = "score = 0 OR split_part(rollout_id, '/', 2)::INT % 4 = 0"
    part = with_opinion(declining(tmp_path / "part"), "other", truth, drawn)
    gates = [one_gate(run_dir, "opinion_gap") for run_dir in (whole, part)]
    assert [gate.level for gate in gates] == [Level.PASS, Level.PASS]
    assert [gate.found.value for gate in gates if gate.found] == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize("gate", ["second_opinion", "opinion_gap"])
def test_one_opinion_of_several_that_differs_is_not_averaged_away(gate: str, tmp_path: Path) -> None:
    """One of three finds what is right in the last steps wrong there."""
    run_dir = declining(tmp_path)
    alone = one_gate(with_opinion(run_dir, "odd", "score = 1 AND step < 4"), gate).found
    for name in ("one", "two"):
        with_opinion(run_dir, name, "score")
    assert one_gate(run_dir, gate).found == alone
    assert alone is not None
    assert alone.value > 0.05
