"""A run's ledger as a DuckDB database in memory, read only.

    ledger/step=*/attempt=*.parquet --open_ledger--> connection with tables and views

    rollouts   every row that was ever recorded
    problems   each problem as it was trained on
    verdicts   second opinions
    held       the rows that made the final model, with one more column, `outcome`: one of `OUTCOMES`

and those of `views.py` that build on them. The connection can reach no file, no network and no variable of
the program besides the rows handed to it, and its settings cannot be changed.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from rlvr.audit.opinions import read_opinions
from rlvr.audit.problems import read_problems
from rlvr.audit.schema import LEDGER_SCHEMA
from rlvr.audit.views import VIEWS
from rlvr.errors import LedgerError

OUTCOMES = ("right", "partly", "wrong", "no_answer", "undecided", "lost")

_READ_SCHEMA = LEDGER_SCHEMA.set(
    LEDGER_SCHEMA.get_field_index("created_at"), pa.field("created_at", pa.timestamp("us"))
)
"""Times as plain UTC: for those with a zone DuckDB asks for pytz."""

_SEALED = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "lock_configuration": True,
}


def open_ledger(run_dir: Path) -> duckdb.DuckDBPyConnection:
    """Open the ledger and the problems of a run for queries; close it when done.

    Raises:
        LedgerError: a file is damaged or has other columns than the ledger.
    """
    files = [str(path) for path in sorted((run_dir / "ledger").glob("step=*/attempt=*.parquet"))]
    connection = duckdb.connect(config=dict(_SEALED))
    try:
        rows = ds.dataset(files, schema=_READ_SCHEMA, format="parquet") if files else None
    except (pa.ArrowInvalid, OSError) as error:
        raise LedgerError(
            f"the ledger of {run_dir} cannot be read: {error}; see `rlvr audit check`"
        ) from error
    connection.register("rollouts", _READ_SCHEMA.empty_table() if rows is None else rows)
    connection.register("problems", read_problems(run_dir))
    connection.register("verdicts", read_opinions(run_dir))
    for view in VIEWS:
        connection.execute(view)
    return connection
