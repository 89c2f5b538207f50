"""A run's ledger as a DuckDB database in memory, read only.

    ledger/step=*/attempt=*.parquet --open_ledger--> connection with tables and views

    rollouts   every row that was ever recorded
    problems   each problem as it was trained on
    verdicts   second opinions
    detectors  what the hack detectors look for, and how far each can be trusted on labelled cases
    held       the rows that made the final model, with one more column, `outcome`: one of `OUTCOMES`

and those of `views.py` that build on them. The connection can reach no file, no network and no variable of
the program besides the rows handed to it, and its settings cannot be changed.

Who asks many questions about a large run opens it without its long texts: the rows are then read from the
disk once and not for every question, and `read_texts` has the texts of a few.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from rlvr.audit.asking.views import VIEWS
from rlvr.audit.books.ledger import ledger_file
from rlvr.audit.books.problems import read_problems
from rlvr.audit.books.schema import LEDGER_SCHEMA
from rlvr.audit.detectors.precision import quality_table
from rlvr.audit.opinions.stored import read_opinions
from rlvr.errors import LedgerError

OUTCOMES = ("right", "partly", "wrong", "no_answer", "undecided", "lost")

LONG_TEXTS = ("prompt", "response", "evidence")

_READ_SCHEMA = LEDGER_SCHEMA.set(
    LEDGER_SCHEMA.get_field_index("created_at"), pa.field("created_at", pa.timestamp("us"))
)
"""Times as plain UTC: for those with a zone DuckDB asks for pytz."""

_SEALED = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "lock_configuration": True,
}


def open_ledger(run_dir: Path, *, texts: bool = True) -> duckdb.DuckDBPyConnection:
    """Open the ledger and the problems of a run for queries; close it when done.

    Without `texts`, `rollouts` and all that builds on it lack `LONG_TEXTS`.

    Raises:
        LedgerError: a file is damaged or has other columns than the ledger.
    """
    files = [str(path) for path in sorted((run_dir / "ledger").glob("step=*/attempt=*.parquet"))]
    connection = duckdb.connect(config=dict(_SEALED))
    connection.register("detectors", quality_table())
    try:
        rows = ds.dataset(files, schema=_READ_SCHEMA, format="parquet") if files else None
        connection.register("written", _READ_SCHEMA.empty_table() if rows is None else rows)
        connection.register("problems", read_problems(run_dir))
        connection.register("verdicts", read_opinions(run_dir))
        left_out = "" if texts else f"EXCLUDE ({', '.join(LONG_TEXTS)})"
        connection.execute(
            f"CREATE {'VIEW' if texts else 'TABLE'} rollouts AS SELECT * {left_out} FROM written"
        )
        for view in VIEWS:
            connection.execute(view)
    except (pa.ArrowInvalid, OSError, duckdb.Error) as error:
        connection.close()
        raise LedgerError(
            f"the ledger of {run_dir} cannot be read: {error}; see `rlvr audit check`"
        ) from error
    return connection


def read_texts(run_dir: Path, rows: Iterable[tuple[int, int, str]]) -> dict[str, tuple[str, str | None]]:
    """Prompt and response of some rows, each named by step, attempt and `row_hash`, by their `row_hash`.

    Raises:
        LedgerError: a file is damaged.
    """
    wanted: dict[str, list[str]] = {}
    for step, attempt, row_hash in rows:
        wanted.setdefault(str(run_dir / ledger_file(step, attempt)), []).append(row_hash)
    found: dict[str, tuple[str, str | None]] = {}
    for file, hashes in wanted.items():
        try:
            part = ds.dataset([file], schema=_READ_SCHEMA, format="parquet").to_table(
                columns=["row_hash", "prompt", "response"], filter=pc.field("row_hash").isin(hashes)
            )
        except (pa.ArrowInvalid, OSError) as error:
            raise LedgerError(f"{file} cannot be read: {error}; see `rlvr audit check`") from error
        found |= {row["row_hash"]: (row["prompt"], row["response"]) for row in part.to_pylist()}
    return found
