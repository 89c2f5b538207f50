"""Second opinions: what another verifier said about rows of the ledger; never used for rewards.

    verdicts/<name>/part-NNNNNN.parquet --read_opinions--> one row per (name, ledger row)

A row is joined to the ledger by `row_hash`. Who grades again, and what follows from it, are others' business.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from rlvr.audit.books.schema import Row
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.errors import LedgerError

VERDICTS_FOLDER = Path("verdicts")
OPINION_FILE = re.compile(r"verdicts/[A-Za-z0-9._=-]+/part-(\d{6,})\.parquet")

OPINION_SCHEMA = pa.schema(
    [
        ("opinion", pa.string()),  # the name it was asked for under, also its folder
        ("row_hash", pa.string()),  # of the ledger row
        ("verifier", pa.string()),
        ("verifier_version", pa.string()),
        ("verifier_digest", pa.string()),
        ("status", pa.string()),  # null: it could not be asked, `reason` says why
        ("score", pa.float64()),
        ("answer", pa.string()),
        ("reason", pa.string()),
        ("evidence", pa.string()),  # a JSON object
        ("elapsed_ms", pa.float64()),
    ],
    metadata={"rlvr.verdicts": "1"},
)


def opinion_files(run_dir: Path, name: str = "*") -> list[Path]:
    """The files of one second opinion, or of all, in order."""
    return sorted((run_dir / VERDICTS_FOLDER).glob(f"{name}/part-*.parquet"))


def write_opinions(run_dir: Path, name: str, rows: list[Row]) -> Path:
    """Write the next part of a second opinion, whole or not at all; returns its path below the run's.

    Raises:
        LedgerError: the disk is full or cannot be written.
    """
    written = opinion_files(run_dir, name)
    number = int(written[-1].stem.removeprefix("part-")) + 1 if written else 0
    file = VERDICTS_FOLDER / name / f"part-{number:06d}.parquet"
    write_whole(run_dir / file, parquet_bytes(rows, OPINION_SCHEMA))
    return file


def read_opinions(run_dir: Path) -> ds.Dataset | pa.Table:
    """All second opinions of a run in `OPINION_SCHEMA`; no rows if there are none.

    Raises:
        LedgerError: a file is damaged.
    """
    files = [str(path) for path in opinion_files(run_dir)]
    if not files:
        return OPINION_SCHEMA.empty_table()
    try:
        found = ds.dataset(files, schema=OPINION_SCHEMA, format="parquet")
        found.count_rows()  # opens every file, so that a damaged one is found here
        return found
    except (pa.ArrowInvalid, OSError) as error:
        raise LedgerError(f"the second opinions of {run_dir} cannot be read: {error}") from error
