"""Check a run's books: nothing was changed, dropped or reordered, and everything adds up.

    run directory (+ a head known from elsewhere) --check_run--> CheckResult

Checked are: the chain of hashes, each sealed file's bytes, each ledger row's hash, that requested =
used + dropped in every attempt, that each problem trained on is kept, and that the rewards logged
in `metrics.jsonl` are those of the rows. Without a head the newest lines could have been dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.audit.balance import Balance, count_rows
from rlvr.audit.chain import CHAIN_FILE, GENESIS, Link, line_hash, parse_link
from rlvr.audit.ledger import LEDGER_FILE
from rlvr.audit.manifest import MANIFEST_FILE
from rlvr.audit.metrics import read_metrics
from rlvr.audit.problems import PROBLEMS_FILE, read_problems
from rlvr.audit.schema import LEDGER_SCHEMA, row_hash
from rlvr.audit.storage import sha256_file
from rlvr.errors import LedgerError

GROWING_FILES = {str(MANIFEST_FILE), str(PROBLEMS_FILE)}
"""Rewritten by later attempts; only their last line in the chain holds."""

REWARD_TOLERANCE = 1e-6
"""Two orders of summing differ by rounding, no more."""


@dataclass(slots=True)
class CheckResult:
    """What was found; `faults` name the place, the first bad one first."""

    head: str = GENESIS
    """Hash of the chain's last line."""
    lines: int = 0
    lines_after_head: int = 0
    """Lines that the given head does not seal."""
    rows: int = 0
    balances: dict[int, Balance] = field(default_factory=dict)
    """By attempt."""
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults


def check_run(run_dir: Path, head: str | None = None) -> CheckResult:
    """Check everything that can be checked without grading again; reads each file once.

    `head` is the hash noted from the log or a checkpoint; lines after it are counted.
    """
    result = CheckResult()
    links = _check_chain(run_dir, head, result)
    means: dict[tuple[int, int], float] = {}
    problem_ids: set[str] = set()
    for link in _check_files(run_dir, links, result):
        if match := LEDGER_FILE.fullmatch(link.file):
            step, attempt = int(match[1]), int(match[2])
            try:
                table = _check_rows(run_dir, link, step, attempt, result)
                means[step, attempt] = _mean(table["reward"])
                problem_ids.update(table["problem_id"].to_pylist())
            except (pa.ArrowException, ValueError, KeyError, OSError) as error:
                result.faults.append(f"{link.file} is not a ledger file: {error}")
    _check_problems(run_dir, problem_ids, result)
    _check_metrics(run_dir, means, result)
    return result


def _check_chain(run_dir: Path, head: str | None, result: CheckResult) -> list[Link]:
    """Walk the chain to its end or its first broken line."""
    path = run_dir / CHAIN_FILE
    if not path.is_file():
        result.faults.append(f"{CHAIN_FILE} is missing")
        return []
    *lines, torn = path.read_bytes().split(b"\n")
    if torn:
        result.faults.append(f"{CHAIN_FILE}: the last line is torn; a resume of the run mends that")
    links: list[Link] = []
    hashes: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            link = parse_link(line)
        except ValueError as error:
            result.faults.append(f"{CHAIN_FILE} line {number}: {error}")
            break
        if link.previous != (hashes[-1] if hashes else GENESIS):
            result.faults.append(f"{CHAIN_FILE} line {number} does not follow the line before it")
            break
        links.append(link)
        hashes.append(line_hash(line))
    result.lines, result.head = len(links), hashes[-1] if hashes else GENESIS
    if head is not None and head not in hashes:
        result.faults.append(f"the head {head} is not in the chain: lines before it were changed or dropped")
    elif head is not None:
        result.lines_after_head = len(hashes) - 1 - hashes.index(head)
    return links


def _check_files(run_dir: Path, links: list[Link], result: CheckResult) -> list[Link]:
    """Each sealed file is there, and no ledger file is unsealed; returns those with the sealed bytes."""
    sealed: dict[str, Link] = {}
    for link in links:
        if link.file in GROWING_FILES:
            sealed[link.file] = link
        elif not LEDGER_FILE.fullmatch(link.file):
            result.faults.append(f"{CHAIN_FILE} names {link.file!r}, which no run writes")
        elif link.file in sealed:
            result.faults.append(f"{CHAIN_FILE} names {link.file} twice")
        else:
            sealed[link.file] = link
    sound: list[Link] = []
    for link in sealed.values():
        path = run_dir / link.file
        if not path.is_file():
            result.faults.append(f"{link.file} is missing")
        elif sha256_file(path) != link.sha256:
            result.faults.append(f"{link.file} was changed after it was sealed")
        else:
            sound.append(link)
    for path in sorted((run_dir / "ledger").glob("step=*/*.parquet")):
        if (file := path.relative_to(run_dir).as_posix()) not in sealed:
            result.faults.append(f"{file} is not in the chain: killed before it was sealed, or added by hand")
    return sound


def _check_rows(run_dir: Path, link: Link, step: int, attempt: int, result: CheckResult) -> pa.Table:
    """Check the rows of one ledger file and return them."""
    table = pq.ParquetFile(run_dir / link.file).read()
    if table.schema != LEDGER_SCHEMA:
        raise ValueError("its columns are not the ledger's")
    result.rows += table.num_rows
    result.faults += _row_faults(table, link, step, attempt)
    fates = zip(table["used"].to_pylist(), table["dropped_reason"].to_pylist(), strict=True)
    balance = count_rows(fates)
    if not balance.holds:
        result.faults.append(f"{link.file}: requested {balance.requested} is not used + dropped")
    result.balances[attempt] = result.balances.get(attempt, Balance()) + balance
    return table


def _row_faults(table: pa.Table, link: Link, step: int, attempt: int) -> Iterator[str]:
    if table.num_rows != link.rows:
        yield f"{link.file} has {table.num_rows} rows, the chain says {link.rows}"
    created = table.schema.get_field_index("created_at")
    plain = table.set_column(created, "created_at", table["created_at"].cast(pa.int64()))
    for number, row in enumerate(plain.to_pylist()):
        if row["row_hash"] != row_hash(row):
            yield f"{link.file} row {number} ({row['rollout_id']}) does not match its hash"
        if (row["step"], row["attempt"]) != (step, attempt):
            yield f"{link.file} row {number} is of step {row['step']}, attempt {row['attempt']}"


def _check_problems(run_dir: Path, problem_ids: set[str], result: CheckResult) -> None:
    try:
        kept = set(read_problems(run_dir)["id"].to_pylist())
    except LedgerError as error:
        result.faults.append(str(error))
        return
    if missing := sorted(problem_ids - kept):
        result.faults.append(
            f"{PROBLEMS_FILE} lacks {len(missing)} problems trained on, such as {missing[0]}"
        )


def _check_metrics(run_dir: Path, means: dict[tuple[int, int], float], result: CheckResult) -> None:
    """The reward curve that was logged is the one the rows give."""
    try:
        entries = read_metrics(run_dir)
    except LedgerError as error:
        result.faults.append(str(error))
        return
    for entry in entries:
        step, attempt, logged = entry["step"], entry["attempt"], entry.get("reward/mean")
        held = means.get((int(step or 0), int(attempt or 0)))
        if logged is not None and (held is None or not abs(logged - held) <= REWARD_TOLERANCE):
            result.faults.append(
                f"metrics.jsonl says reward/mean {logged} at step {step}, the rows say {held}"
            )


def _mean(rewards: pa.ChunkedArray) -> float:
    values = [value for value in rewards.to_pylist() if value is not None]
    return math.fsum(values) / len(values) if values else math.nan
