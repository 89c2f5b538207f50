"""What a kill left unsealed is adopted by the next attempt; what no kill can have left is refused."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rlvr.audit import Audit
from rlvr.audit.books.chain import CHAIN_FILE, Chain
from rlvr.audit.books.check import check_run
from rlvr.audit.books.ledger import Ledger, ledger_file
from rlvr.audit.books.schema import LEDGER_SCHEMA, row_hash
from rlvr.audit.books.sealing import seal_file
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.audit.opinions.stored import write_opinions
from rlvr.errors import LedgerError
from tests.audit.sample_runs import RunMaker, origin, write_run
from tests.audit.test_chain import opinion


def test_a_run_killed_before_it_ended_checks_and_its_resume_adopts_what_was_not_sealed(
    tmp_path: Path,
) -> None:
    audit = Audit(tmp_path, "killed", origin())
    RunMaker(groups=2, size=3).train(audit, range(2), total=4)
    head = audit.head
    assert check_run(tmp_path, head).ok
    file = write_opinions(tmp_path, "other", [opinion("0")])
    assert check_run(tmp_path, head).faults == [
        f"{file} is not in the chain: killed before it was sealed, or added by hand"
    ]
    release(audit)
    Audit(tmp_path, "killed", origin(), resume=True).close()
    assert check_run(tmp_path, head).ok


def release(audit: Audit) -> None:
    """What the end of a process does to its locks."""
    audit._ledger.close()


def killed(run_dir: Path) -> None:
    """A run of two steps that was killed before it ended."""
    audit = Audit(run_dir, "killed", origin())
    RunMaker(groups=1, size=2).train(audit, range(2), total=4)
    release(audit)


def planted(run_dir: Path, step: int, attempt: int, *, hashed: bool = True) -> str:
    """The rows of step 0 as those of another step or attempt, each with its right hash."""
    table = pq.ParquetFile(run_dir / ledger_file(0, 1)).read()
    rows = []
    for row in table.to_pylist():
        sealed = row | {"step": step, "attempt": attempt}
        plain = sealed | {"created_at": int(row["created_at"].timestamp() * 1_000_000)}
        rows.append(sealed | ({"row_hash": row_hash(plain)} if hashed else {}))
    write_whole(run_dir / ledger_file(step, attempt), parquet_bytes(rows, LEDGER_SCHEMA))
    return ledger_file(step, attempt)


def resumed(run_dir: Path) -> None:
    Audit(run_dir, "resumed", origin(), resume=True).close()


def test_the_step_that_a_killed_attempt_had_not_sealed_is_adopted(tmp_path: Path) -> None:
    killed(tmp_path)
    planted(tmp_path, 2, 1)
    resumed(tmp_path)
    assert check_run(tmp_path).faults == []


@pytest.mark.parametrize(
    ("step", "attempt", "hashed", "why"),
    [
        pytest.param(1, 2, True, "it is another's", id="of-an-attempt-that-there-was-not"),
        pytest.param(5, 1, True, "its next step was 2", id="a-step-left-out"),
        pytest.param(2, 1, False, "does not match its hash", id="rows-changed"),
    ],
)
def test_rows_that_a_killed_attempt_cannot_have_written_stop_a_resume(
    step: int, attempt: int, hashed: bool, why: str, tmp_path: Path
) -> None:
    killed(tmp_path)
    planted(tmp_path, step, attempt, hashed=hashed)
    before = (tmp_path / CHAIN_FILE).read_bytes()
    for _ in range(2):  # the run is released, so that the same is said again
        with pytest.raises(LedgerError, match=why):
            resumed(tmp_path)
    assert (tmp_path / CHAIN_FILE).read_bytes() == before


def test_nothing_of_training_is_adopted_after_its_end(tmp_path: Path) -> None:
    write_run(tmp_path, steps=2, groups=1, size=2)
    planted(tmp_path, 2, 1)
    with pytest.raises(LedgerError, match="it had ended"):
        resumed(tmp_path)
    (tmp_path / ledger_file(2, 1)).unlink()
    (tmp_path / "evals").mkdir(exist_ok=True)
    (tmp_path / "evals/step_000009.json").write_text("{}")
    with pytest.raises(LedgerError, match="it had ended"):
        resumed(tmp_path)


def test_of_an_opinion_a_kill_leaves_one_part_unsealed_and_not_two(tmp_path: Path) -> None:
    killed(tmp_path)
    for part in range(2):
        write_opinions(tmp_path, "other", [opinion(str(part))])
    with pytest.raises(LedgerError, match=r"part-000001\.parquet was added by hand"):
        resumed(tmp_path)


@pytest.mark.parametrize("attempt", [1, 2])
def test_rows_sealed_after_the_end_are_found_without_a_head(attempt: int, tmp_path: Path) -> None:
    """By a forger who also writes the chain's line; no head is known."""
    write_run(tmp_path, steps=2, groups=1, size=2)
    file = planted(tmp_path, 2, attempt)
    with closing(Chain(tmp_path)) as chain:
        seal_file(chain, tmp_path, Path(file))
    faults = check_run(tmp_path).faults
    assert any(f"{file} was sealed after the last attempt had ended" in fault for fault in faults)
    assert (f"{file} is of attempt 2, and manifest.json knows 1" in faults) == (attempt == 2)


def test_a_ledger_file_that_no_run_wrote_stops_a_resume(tmp_path: Path) -> None:
    killed(tmp_path)
    stray = tmp_path / "ledger/step=000002/attempt=1.parquet"
    stray.parent.mkdir()
    stray.write_bytes(b"not parquet")
    with pytest.raises(LedgerError, match=r"attempt 1 did not write it: .*Parquet"):
        Ledger(tmp_path, "run", 2)
