"""The ledger writes every requested rollout, whole or not at all, and refuses uneven books."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlvr.audit.books.balance import check_groups, count_rows
from rlvr.audit.books.chain import CHAIN_FILE
from rlvr.audit.books.check import check_run
from rlvr.audit.books.ledger import Ledger, ledger_file
from rlvr.audit.books.problems import JOURNAL_FILE, read_problems
from rlvr.audit.books.schema import LEDGER_SCHEMA, row_hash
from rlvr.errors import LedgerError
from rlvr.rollouts import Sample, ScoredGroup
from tests.audit.sample_runs import NO_ANSWER, UNDECIDED, problem, rollout, scored_group, small_step, verdict

COLUMNS = """
run_id step group_id rollout_id problem_id problem_hash domain data_source prompt response finish_reason
prompt_tokens completion_tokens weight_version_min weight_version_max verifier verifier_version
verifier_digest status score answer reason evidence elapsed_ms attempts reward advantage used
dropped_reason attempt created_at
detectors row_hash
"""

samples = st.one_of(
    st.builds(
        lambda text, score: {"rollout": rollout(text), "verdict": verdict(score=score)},
        st.text(),
        st.sampled_from([0.0, 0.5, 1.0]),
    ),
    st.builds(lambda text: {"rollout": rollout(text), "verdict": NO_ANSWER}, st.text()),
    st.builds(lambda text: {"rollout": rollout(text), "verdict": UNDECIDED}, st.text()),
    st.sampled_from(["generator_lost", "verifier_down"]).map(
        lambda why: {"rollout": None, "verdict": None, "lost": why}
    ),
)
steps = st.lists(st.lists(samples, min_size=2, max_size=4), min_size=1, max_size=3)


def as_step(fates: list[list[dict]], step: int = 0) -> list[ScoredGroup]:
    return [
        scored_group(step, g, [Sample(f"{step}/{g}/{i}", **fate) for i, fate in enumerate(group)])
        for g, group in enumerate(fates)
    ]


def read_rows(run_dir: Path, step: int = 0, attempt: int = 1) -> list[dict]:
    return pq.ParquetFile(run_dir / ledger_file(step, attempt)).read().to_pylist()


def test_the_columns_are_those_of_the_design_in_its_order() -> None:
    assert LEDGER_SCHEMA.names == COLUMNS.split()


def test_each_requested_rollout_has_a_row_lost_ones_included(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run", 1)
    ledger.record(0, small_step(groups=2, size=4))
    rows = read_rows(tmp_path)
    assert [row["status"] for row in rows] == ["graded", "graded", "undecided", None] * 2
    assert [row["used"] for row in rows] == [True, True, False, False] * 2
    assert [row["dropped_reason"] for row in rows] == [None, None, "undecided", "generator_lost"] * 2
    assert rows[3]["response"] is None
    assert rows[3]["reward"] is None
    assert rows[3]["attempts"] == 3


@settings(max_examples=25, deadline=None)
@given(fates=steps)
def test_whatever_happened_the_books_balance_and_the_text_is_kept(
    fates: list[list[dict]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    run_dir = tmp_path_factory.mktemp("run")
    ledger = Ledger(run_dir, "run", 1)
    ledger.record(0, as_step(fates))
    head = ledger.finish()

    rows = read_rows(run_dir)
    flat = [fate for group in fates for fate in group]
    balance = count_rows((row["used"], row["dropped_reason"]) for row in rows)
    assert balance.holds
    assert balance.requested == len(flat)
    assert [row["response"] for row in rows] == [fate["rollout"] and fate["rollout"].text for fate in flat]
    assert check_run(run_dir, head).faults == []


def test_a_lone_surrogate_is_written_out_and_does_not_stop_the_run(tmp_path: Path) -> None:
    fates = [[{"rollout": rollout("a\ud800b"), "verdict": verdict()}] * 2]
    Ledger(tmp_path, "run", 1).record(0, as_step(fates))
    assert read_rows(tmp_path)[0]["response"] == r"a\ud800b"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"dropped_G": (None,) * 4}, "used without a verdict", id="undecided-used"),
        pytest.param({"dropped_G": (None, None, "undecided", None)}, "it was lost", id="lost-used"),
        pytest.param({"dropped_G": (None, "", "undecided", "lost")}, "without a reason", id="no-reason"),
        pytest.param({"rewards_G": np.full(4, np.nan, np.float32)}, "with the reward nan", id="nan-reward"),
        pytest.param({"advantages_G": np.full(4, np.inf, np.float32)}, "advantage inf", id="inf-advantage"),
        pytest.param({"rewards_G": np.zeros(3, np.float32)}, "3 rewards", id="a-reward-too-few"),
    ],
)
def test_uneven_books_are_refused_before_anything_is_written(
    change: dict, message: str, tmp_path: Path
) -> None:
    first, second = small_step(groups=2)
    ledger = Ledger(tmp_path, "run", 1)
    before = ledger.head
    with pytest.raises(LedgerError, match=message):
        ledger.record(0, [first, replace(second, **change)])
    assert ledger.head == before
    assert not list(tmp_path.glob("ledger/step=*"))


def test_a_rollout_recorded_twice_in_a_step_is_refused() -> None:
    [group] = small_step(groups=1)
    with pytest.raises(LedgerError, match="recorded twice"):
        check_groups(0, [group, group])


def test_a_step_is_recorded_once_per_attempt(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run", 1)
    ledger.record(0, small_step())
    with pytest.raises(LedgerError, match="already written"):
        ledger.record(0, small_step())


def test_a_resume_begins_a_new_attempt_and_superseded_steps_stay(tmp_path: Path) -> None:
    first = Ledger(tmp_path, "run", 1)
    first.record(0, small_step(0))
    first.record(1, small_step(1))
    first.close()
    with pytest.raises(LedgerError, match="already begun"):
        Ledger(tmp_path, "run", 1)
    second = Ledger(tmp_path, "run", 2)
    second.record(1, small_step(1, groups=1))
    result = check_run(tmp_path, second.finish())
    assert result.faults == []
    assert {attempt: balance.requested for attempt, balance in result.balances.items()} == {1: 16, 2: 4}


def test_two_processes_cannot_write_one_run(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run", 1)
    with pytest.raises(LedgerError, match="held by another process"):
        Ledger(tmp_path, "run", 2)
    ledger.close()
    Ledger(tmp_path, "run", 2).close()


@pytest.mark.parametrize("torn", [pytest.param(0, id="no-line"), pytest.param(40, id="half-a-line")])
def test_a_kill_between_the_file_and_its_chain_line_is_mended_by_the_next_attempt(
    torn: int, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path, "run", 1)
    for step in range(3):
        head = ledger.record(step, small_step(step))
    ledger.close()
    chain = tmp_path / CHAIN_FILE
    *kept, last = chain.read_bytes().splitlines(keepends=True)
    chain.write_bytes(b"".join(kept) + last[:torn])
    (tmp_path / "ledger/step=000002/.attempt=1.parquet.tmp").write_bytes(b"unfinished")
    assert not check_run(tmp_path).ok

    resumed = Ledger(tmp_path, "run", 2)
    assert resumed.head == head  # the very same line again: heads in checkpoints still hold
    assert check_run(tmp_path, resumed.finish()).faults == []
    assert not list(tmp_path.glob("ledger/step=*/.*"))


def test_a_file_too_large_for_the_disk_is_a_loud_error_and_leaves_no_torn_file(tmp_path: Path) -> None:
    """The kernel refuses writes past a limit, as a full disk does; in a process of its own."""
    program = """
import resource, sys
from pathlib import Path
from tests.audit.sample_runs import rollout, scored_group, small_step, verdict
from rlvr.audit.books.ledger import Ledger
from rlvr.errors import LedgerError
from rlvr.rollouts import Sample
import os

run_dir = Path(sys.argv[1])
ledger = Ledger(run_dir, "run", 1)
ledger.record(0, small_step(0))
long = [Sample(str(i), rollout(os.urandom(40_000).hex()), verdict()) for i in range(4)]
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    ledger.record(1, [scored_group(1, 0, long)])
except LedgerError as error:
    print(error)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60, cwd=root
    )
    assert "cannot write" in done.stdout, done.stderr
    assert "File too large" in done.stdout
    assert [path.name for path in (tmp_path / "ledger").rglob("*.*")] == ["chain.jsonl", "attempt=1.parquet"]
    assert len((tmp_path / CHAIN_FILE).read_bytes().splitlines()) == 1


def test_problems_survive_a_kill_and_are_kept_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "run", 1)
    ledger.record(0, small_step(0))
    ledger.record(1, small_step(1))
    with (tmp_path / JOURNAL_FILE).open("ab") as journal:
        journal.write(b'{"id": "torn')
    assert read_problems(tmp_path)["id"].to_pylist() == ["math/0", "math/1"]
    ledger.close()
    assert check_run(tmp_path).faults == []

    second = Ledger(tmp_path, "run", 2)
    second.record(2, [scored_group(2, 0, [Sample("x", rollout(), verdict())] * 1, problem(7, text="new?"))])
    second.finish()
    rows = read_problems(tmp_path).to_pylist()
    assert [row["id"] for row in rows] == ["math/0", "math/1", "math/7"]
    assert json.loads(rows[2]["prompt"]) == [{"role": "user", "content": "new?"}]
    assert rows[2]["hash"] == problem(7, text="new?").content_hash


def test_a_row_hash_can_be_recomputed_from_the_file_alone(tmp_path: Path) -> None:
    Ledger(tmp_path, "run", 1).record(0, small_step())
    for row in read_rows(tmp_path):
        row["created_at"] = round(row["created_at"].timestamp() * 1_000_000)
        assert row["row_hash"] == row_hash(row)
        assert row["row_hash"] != row_hash({**row, "reward": 1.5})
