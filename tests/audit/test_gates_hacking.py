"""Gates on signs of hacking over a whole run: quiet where nothing is amiss, and each finds its fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from rlvr.audit import Audit
from rlvr.audit.asking.sql import ask
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.audit.gates import Gate, Level
from rlvr.audit.opinions.stored import OPINION_SCHEMA
from rlvr.rollouts import Sample
from tests.audit.sample_runs import UNDECIDED, origin, problem, rollout, scored_group, verdict
from tests.audit.test_gates import one_gate

STEPS = 8


def run_of(run_dir: Path, sample: Callable[[int, int, Random], Sample], **metrics: list[float]) -> Path:
    """Eight steps of eight groups of four; `sample` makes a rollout from its step and its group."""
    rng = Random(5)
    audit = Audit(run_dir, "signs", origin())
    for step in range(STEPS):
        groups = [[sample(step, group, rng) for _ in range(4)] for group in range(8)]
        audit.record(step, [scored_group(step, i, group, problem(i)) for i, group in enumerate(groups)])
        audit.log(step, {name.replace("__", "/"): values[step] for name, values in metrics.items()})
    audit.close()
    return run_dir


def graded(name: str, *, right: bool) -> Sample:
    return Sample(name, rollout(), verdict(score=float(right)))


def improving(step: int, group: int, rng: Random) -> Sample:
    return graded(f"{step}/{group}/{rng.random()}", right=rng.random() < (step + 1) / (STEPS + 1))


def with_opinions(run_dir: Path, score: str) -> Path:
    """A second opinion on every row, its score by an SQL expression over the row."""
    rows = ask(run_dir, f"SELECT row_hash, ({score})::DOUBLE FROM held").rows
    opinions = [
        dict.fromkeys(OPINION_SCHEMA.names)
        | {"opinion": "other", "row_hash": row_hash, "status": "graded", "score": found}
        for row_hash, found in rows
    ]
    write_whole(run_dir / "verdicts/other/part-000000.parquet", parquet_bytes(opinions, OPINION_SCHEMA))
    return run_dir


def gate_of(run_dir: Path, name: str) -> Gate:
    return one_gate(run_dir, name)


def test_a_reward_that_rises_alone_fails_and_one_that_is_seen_twice_passes(tmp_path: Path) -> None:
    seen = with_opinions(run_of(tmp_path / "seen", improving), "score")
    alone = with_opinions(run_of(tmp_path / "alone", improving), "score AND hash(rollout_id) % 9 = 0")
    assert gate_of(run_of(tmp_path / "none", improving), "opinion_gap").level is Level.NONE
    assert gate_of(seen, "opinion_gap").level is Level.PASS
    found = gate_of(alone, "opinion_gap")
    assert found.level is Level.FAIL
    assert found.found is not None
    assert found.found.value > 0.4
    assert len(found.rows) == 2


def test_graders_that_give_up_on_right_answers_warn_and_those_on_hard_problems_do_not(tmp_path: Path) -> None:
    def timing_out(where_paid: bool) -> Callable[[int, int, Random], Sample]:
        def sample(step: int, group: int, rng: Random) -> Sample:
            name = f"{step}/{group}/{rng.random()}"
            solvable = group % 2 == 0
            if solvable is where_paid and rng.random() < 0.3:
                return Sample(name, rollout(), UNDECIDED)
            return graded(name, right=solvable and rng.random() < 0.8)

        return sample

    odd = gate_of(run_of(tmp_path / "odd", timing_out(True)), "timeouts")
    hard = gate_of(run_of(tmp_path / "hard", timing_out(False)), "timeouts")
    assert (odd.level, hard.level) == (Level.WARN, Level.PASS)
    assert odd.found is not None
    assert hard.found is not None
    assert odd.found.value > 0.2 > 0 > hard.found.value
    assert len(odd.rows) == 2


def test_entropy_may_fall_but_not_to_nothing(tmp_path: Path) -> None:
    falling = [0.5 - 0.04 * step for step in range(STEPS)]
    gone = [0.5] * 4 + [0.01] * 4
    for name, values, level in (("falls", falling, Level.PASS), ("gone", gone, Level.WARN)):
        run_dir = run_of(tmp_path / name, improving, policy__entropy=values)
        assert gate_of(run_dir, "entropy_collapse").level is level
    assert gate_of(run_of(tmp_path / "unlogged", improving), "entropy_collapse").level is Level.NONE
