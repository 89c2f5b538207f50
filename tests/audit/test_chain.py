"""With the head known, whatever is changed, dropped or reordered in a run is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rlvr.audit import Audit
from rlvr.audit.books.chain import CHAIN_FILE, GENESIS, Chain, Link, line_hash, parse_link
from rlvr.audit.books.check import check_run
from rlvr.audit.books.schema import Row
from rlvr.audit.books.sealing import seal_file
from rlvr.audit.books.storage import sha256_file
from rlvr.audit.opinions.stored import OPINION_SCHEMA, write_opinions
from tests.audit.sample_runs import RunMaker, origin


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished run of two attempts, four steps, with an evaluation and two parts of a second opinion."""
    run_dir = tmp_path_factory.mktemp("runs") / "whole"
    maker = RunMaker(groups=2, size=3)
    first = Audit(run_dir, "whole", origin())
    maker.train(first, range(3), total=4)
    first.close()
    second = Audit(run_dir, "whole", origin(), resume=True)
    maker.train(second, range(2, 4), total=4)
    second.close()
    with closing(Chain(run_dir)) as chain:
        for part in range(2):
            seal_file(chain, run_dir, write_opinions(run_dir, "other", [opinion(str(part))]))
    return run_dir, chain.head


def opinion(row: str) -> Row:
    return dict.fromkeys(OPINION_SCHEMA.names) | {"opinion": "other", "row_hash": row, "reason": "error"}


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


def copy_of(run_dir: Path, copies: Path) -> Path:
    shutil.rmtree(copies / "copy", ignore_errors=True)
    return Path(shutil.copytree(run_dir, copies / "copy"))


def sealed_files(run_dir: Path) -> list[Path]:
    """Every file that the head vouches for, the chain itself among them."""
    return sorted(path for path in run_dir.rglob("*") if path.is_file())


def test_an_untouched_run_passes(run: tuple[Path, str]) -> None:
    run_dir, head = run
    result = check_run(run_dir, head)
    assert result.faults == []
    assert (result.head, result.lines, result.lines_after_head, result.rows) == (head, 15, 0, 30)
    names = {path.relative_to(run_dir).as_posix() for path in sealed_files(run_dir)}
    assert names - {str(CHAIN_FILE)} == {
        parse_link(line).file for line in (run_dir / CHAIN_FILE).read_bytes().splitlines()
    }


Tamper = Callable[[Path, st.DataObject], None]
"""Does something to a copy of the run; what it leaves as it was is not counted."""


def change_a_byte(run_dir: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sealed_files(run_dir)))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)


def cut_or_lengthen(run_dir: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sealed_files(run_dir)))
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] + data.draw(st.binary(max_size=9)))


def drop_a_file(run_dir: Path, data: st.DataObject) -> None:
    data.draw(st.sampled_from(sealed_files(run_dir))).unlink()


def swap_two_files(run_dir: Path, data: st.DataObject) -> None:
    one, other = (data.draw(st.sampled_from(sealed_files(run_dir))) for _ in range(2))
    content = one.read_bytes(), other.read_bytes()
    other.write_bytes(content[0])
    one.write_bytes(content[1])


INSERTED = (
    "ledger/step=000009/attempt=1.parquet",
    "ledger/step=000001/attempt=3.parquet",
    "ledger/notes.txt",
    "evals/step_000009.json",
    "verdicts/other/part-000009.parquet",
    "verdicts/another/part-000000.parquet",
    "problems.journal.jsonl",
)


def insert_a_file(run_dir: Path, data: st.DataObject) -> None:
    """A copy of one of the run's own files, so that it reads well."""
    target = run_dir / data.draw(st.sampled_from(INSERTED))
    target.parent.mkdir(exist_ok=True)
    shutil.copy(data.draw(st.sampled_from(sealed_files(run_dir))), target)


def rearrange_lines(run_dir: Path, data: st.DataObject) -> None:
    """Lines of the chain or of the metrics dropped, doubled or in another order."""
    path = run_dir / data.draw(st.sampled_from([str(CHAIN_FILE), "metrics.jsonl"]))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(data.draw(st.lists(st.sampled_from(lines), max_size=len(lines) + 2))))


def forge_a_line(run_dir: Path, data: st.DataObject) -> None:
    """A line of the chain put in, taken out or changed, and all after it sealed anew to fit."""
    links = [parse_link(line) for line in (run_dir / CHAIN_FILE).read_bytes().splitlines()]
    place = data.draw(st.integers(0, len(links) - 1))
    drawn = data.draw(st.sampled_from(links))
    changes = ([], [drawn], [replace(links[place], rows=links[place].rows + 1)], [drawn, links[place]])
    write_chain(run_dir, links[:place] + data.draw(st.sampled_from(changes)) + links[place + 1 :])


def add_a_line(run_dir: Path, data: st.DataObject) -> None:
    """A file that may be written anew is, and a line after the head says so."""
    file = data.draw(st.sampled_from(["manifest.json", "problems.parquet", "evals/step_000004.json"]))
    (run_dir / file).write_bytes((run_dir / file).read_bytes() + b" ")
    links = [parse_link(line) for line in (run_dir / CHAIN_FILE).read_bytes().splitlines()]
    write_chain(run_dir, [*links, Link(file, sha256_file(run_dir / file), 0, "")])


def write_chain(run_dir: Path, links: Sequence[Link]) -> None:
    previous, lines = GENESIS, []
    for link in links:
        lines.append(replace(link, previous=previous).line())
        previous = line_hash(lines[-1])
    (run_dir / CHAIN_FILE).write_bytes(b"".join(line + b"\n" for line in lines))


TAMPERS: tuple[Tamper, ...] = (
    change_a_byte, cut_or_lengthen, drop_a_file, swap_two_files, insert_a_file, rearrange_lines, forge_a_line,
    add_a_line,
)  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_with_the_head_known_whatever_is_done_to_a_run_is_found(
    tamper: Tamper, run: tuple[Path, str], copies: Path, data: st.DataObject
) -> None:
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    tamper(copy, data)
    before = {path.relative_to(run_dir): path.read_bytes() for path in sealed_files(run_dir)}
    assume(before != {path.relative_to(copy): path.read_bytes() for path in sealed_files(copy)})
    result = check_run(copy, head)
    assert result.faults or result.sealed_anew


def test_a_dropped_file_is_named(run: tuple[Path, str], copies: Path) -> None:
    run_dir, head = run
    for path in sealed_files(run_dir):
        copy = copy_of(run_dir, copies)
        (copy / path.relative_to(run_dir)).unlink()
        faults = check_run(copy, head).faults
        assert any(f"{path.relative_to(run_dir)} is missing" in fault for fault in faults)


def test_a_forger_who_seals_everything_anew_is_found_by_the_head(run: tuple[Path, str], copies: Path) -> None:
    """A raised reward with its row hash, file hash and whole chain made to fit."""
    run_dir, head = run
    copy = copy_of(run_dir, copies)
    (copy / "metrics.jsonl").write_bytes(b"")
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
    links = [parse_link(line) for line in (run_dir / CHAIN_FILE).read_bytes().splitlines()]
    write_chain(run_dir, [replace(link, sha256=sha256_file(run_dir / link.file)) for link in links])


def test_an_earlier_head_still_holds_and_the_lines_after_it_are_counted(run: tuple[Path, str]) -> None:
    run_dir, _ = run
    third = line_hash((run_dir / CHAIN_FILE).read_bytes().splitlines()[2])
    result = check_run(run_dir, third)
    assert result.ok
    assert result.lines_after_head == 12


def test_a_logged_reward_that_the_rows_do_not_support_is_found(tmp_path: Path) -> None:
    audit = Audit(tmp_path, "boasts", origin())
    scored = RunMaker(groups=2, size=3).step(0, 0.5)
    head = audit.record(0, scored)
    audit.log(0, {"reward/mean": 0.99})
    audit.close()
    [fault] = check_run(tmp_path, head).faults
    assert fault.startswith("metrics.jsonl says reward/mean 0.99 at step 0, the rows say")
