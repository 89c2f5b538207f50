"""With the head known, whatever is changed, dropped or reordered in a run is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlvr.audit.chain import CHAIN_FILE, GENESIS, Link, line_hash, parse_link
from rlvr.audit.check import check_run
from rlvr.audit.ledger import Ledger
from rlvr.audit.storage import sha256_file
from rlvr.errors import LedgerError
from tests.audit.sample_runs import write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    run_dir = tmp_path_factory.mktemp("runs") / "whole"
    return run_dir, write_run(run_dir, steps=4, groups=2, size=3)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


def copy_of(run_dir: Path, copies: Path) -> Path:
    shutil.rmtree(copies / "copy", ignore_errors=True)
    return Path(shutil.copytree(run_dir, copies / "copy"))


def sealed_files(run_dir: Path) -> list[Path]:
    """Every file that the head vouches for, the chain itself among them."""
    return sorted([*run_dir.rglob("*.parquet"), run_dir / "manifest.json", run_dir / CHAIN_FILE])


def test_an_untouched_run_passes(run: tuple[Path, str]) -> None:
    run_dir, head = run
    result = check_run(run_dir, head)
    assert result.faults == []
    assert (result.head, result.lines, result.lines_after_head, result.rows) == (head, 6, 0, 24)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_changed_byte_is_found(run: tuple[Path, str], copies: Path, data: st.DataObject) -> None:
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    path = data.draw(st.sampled_from(sealed_files(copy)))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    assert not check_run(copy, head).ok


def test_a_dropped_file_is_found(run: tuple[Path, str], copies: Path) -> None:
    run_dir, head = run
    for path in sealed_files(run_dir):
        copy = copy_of(run_dir, copies)
        (copy / path.relative_to(run_dir)).unlink()
        faults = check_run(copy, head).faults
        assert any(f"{path.relative_to(run_dir)} is missing" in fault for fault in faults)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_dropped_or_reordered_chain_lines_are_found(
    run: tuple[Path, str], copies: Path, data: st.DataObject
) -> None:
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    lines = (copy / CHAIN_FILE).read_bytes().splitlines(keepends=True)
    kept = data.draw(st.lists(st.sampled_from(lines), unique=True, max_size=len(lines)))
    if kept == lines:
        kept = lines[:-1]
    (copy / CHAIN_FILE).write_bytes(b"".join(kept))
    assert not check_run(copy, head).ok


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(4)))
def test_swapped_ledger_files_are_found(run: tuple[Path, str], copies: Path, order: list[int]) -> None:
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    for step, other in enumerate(order):
        source = run_dir / f"ledger/step={other:06d}/attempt=1.parquet"
        shutil.copy(source, copy / f"ledger/step={step:06d}/attempt=1.parquet")
    assert check_run(copy, head).ok == (list(order) == sorted(order))


def test_a_forger_who_seals_everything_anew_is_found_by_the_head(run: tuple[Path, str], copies: Path) -> None:
    """A raised reward with its row hash, file hash and whole chain made to fit."""
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    (copy / "metrics.jsonl").unlink()
    path = copy / "ledger/step=000000/attempt=1.parquet"
    table = pq.ParquetFile(path).read()
    name = table.schema.get_field_index("reward")
    rewards = pa.array([None if r is None else 1.0 for r in table["reward"].to_pylist()], pa.float64())
    pq.write_table(table.set_column(name, "reward", rewards), path)
    reseal(copy)

    faults = check_run(copy, head).faults
    assert any("does not match its hash" in fault for fault in faults)
    assert any(f"the head {head} is not in the chain" in fault for fault in faults)


def reseal(run_dir: Path) -> None:
    previous, lines = GENESIS, []
    for line in (run_dir / CHAIN_FILE).read_bytes().splitlines():
        link = parse_link(line)
        lines.append(Link(link.file, sha256_file(run_dir / link.file), link.rows, previous).line())
        previous = line_hash(lines[-1])
    (run_dir / CHAIN_FILE).write_bytes(b"".join(line + b"\n" for line in lines))


def test_an_earlier_head_still_holds_and_the_lines_after_it_are_counted(run: tuple[Path, str]) -> None:
    run_dir, _ = run
    third = line_hash((run_dir / CHAIN_FILE).read_bytes().splitlines()[2])
    result = check_run(run_dir, third)
    assert result.ok
    assert result.lines_after_head == 3


def test_a_logged_reward_that_the_rows_do_not_support_is_found(run: tuple[Path, str], copies: Path) -> None:
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    with (copy / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "attempt": 1, "reward/mean": 0.99}\n')
    [fault] = check_run(copy, head).faults
    assert fault.startswith("metrics.jsonl says reward/mean 0.99 at step 2, the rows say")


def test_an_added_ledger_file_is_found(run: tuple[Path, str], copies: Path) -> None:
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    shutil.copytree(copy / "ledger/step=000003", copy / "ledger/step=000009")
    assert any("step=000009/attempt=1.parquet is not in the chain" in f for f in check_run(copy, head).faults)


def test_a_ledger_file_that_no_run_wrote_stops_a_resume(tmp_path: Path) -> None:
    write_run(tmp_path, steps=2, groups=1, size=2)
    stray = tmp_path / "ledger/step=000005/attempt=1.parquet"
    stray.parent.mkdir()
    stray.write_bytes(b"not parquet")
    with pytest.raises(LedgerError, match="no ledger file, and no run wrote it"):
        Ledger(tmp_path, "run", 2)
