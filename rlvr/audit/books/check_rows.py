"""Check the rows of one ledger file: each is what its hash says, in its place, and they balance.

    ledger/step=NNNNNN/attempt=K.parquet + its line of the chain --check_rows--> RowsFound

Whether the file's bytes are the sealed ones is `check.py`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.audit.books.balance import Balance, count_rows
from rlvr.audit.books.chain import Link
from rlvr.audit.books.schema import LEDGER_SCHEMAS, row_hash


@dataclass(frozen=True, slots=True)
class RowsFound:
    """What one ledger file holds."""

    rows: int
    balance: Balance
    mean_rewards: dict[str, float]
    """By the name of the metric that says it, overall and for each domain; NaN where no row has a reward."""
    problems: frozenset[tuple[str, str | None]]
    """Id and hash; rows of older runs lack the hash."""
    faults: tuple[str, ...]


def check_rows(run_dir: Path, link: Link, step: int, attempt: int) -> RowsFound:
    """Check the rows of a file that was sealed as those of a step and an attempt.

    Raises:
        pyarrow.ArrowException, OSError: it is no Parquet file.
        ValueError: it has other columns than a ledger.
    """
    table = pq.ParquetFile(run_dir / link.file).read()
    if table.schema not in LEDGER_SCHEMAS:
        raise ValueError("its columns are not the ledger's")
    balance = count_rows(zip(_values(table["used"]), _values(table["dropped_reason"]), strict=True))
    faults = list(_row_faults(table, link, step, attempt))
    if not balance.holds:
        faults.append(f"{link.file}: requested {balance.requested} is not used + dropped")
    return RowsFound(
        table.num_rows,
        balance,
        _mean_rewards(table),
        frozenset(zip(_values(table["problem_id"]), _hashes(table), strict=True)),
        tuple(faults),
    )


def _row_faults(table: pa.Table, link: Link, step: int, attempt: int) -> Iterator[str]:
    if table.num_rows != link.rows:
        yield f"{link.file} has {table.num_rows} rows, the chain says {link.rows}"
    created = table.schema.get_field_index("created_at")
    plain = table.set_column(created, "created_at", table["created_at"].cast(pa.int64()))
    names = sorted(set(plain.column_names) - {"row_hash"})  # in the order of canonical JSON
    rows = zip(*(_values(plain[name]) for name in names), strict=True)
    for number, (sealed, values) in enumerate(zip(_values(plain["row_hash"]), rows, strict=True)):
        row = dict(zip(names, values, strict=True))
        if sealed != row_hash(row):
            yield f"{link.file} row {number} ({row['rollout_id']}) does not match its hash"
        if (row["step"], row["attempt"]) != (step, attempt):
            yield f"{link.file} row {number} is of step {row['step']}, attempt {row['attempt']}"


def _values(column: pa.ChunkedArray) -> list[Any]:
    """A column's values as Python has them, missing ones None; by numpy where that says the same, faster."""
    if pa.types.is_string(column.type) or (not column.null_count and pa.types.is_primitive(column.type)):
        values: list[Any] = column.to_numpy().tolist()
        return values
    return list(column.to_pylist())


def _hashes(table: pa.Table) -> list[str | None]:
    if "problem_hash" not in table.column_names:
        return [None] * table.num_rows
    return _values(table["problem_hash"])


def _mean_rewards(table: pa.Table) -> dict[str, float]:
    by_name: dict[str, list[float]] = {"reward/mean": []}
    for domain, reward in zip(_values(table["domain"]), _values(table["reward"]), strict=True):
        given = [] if reward is None else [reward]
        by_name.setdefault(f"reward/mean/{domain}", []).extend(given)
        by_name["reward/mean"] += given
    return {name: math.fsum(found) / len(found) if found else math.nan for name, found in by_name.items()}
