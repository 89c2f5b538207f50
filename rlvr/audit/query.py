"""A run's ledger as a DuckDB database in memory, read only.

    ledger/step=*/attempt=*.parquet --open_ledger--> connection with the views

    rollouts   every row that was ever recorded
    held       the rows that made the final model: steps a resume repeated are left out
               with one more column, `outcome`: right, partly, wrong, no_answer, undecided or lost

The connection can reach no file and no network besides the rows handed to it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from rlvr.audit.problems import read_problems
from rlvr.audit.schema import LEDGER_SCHEMA
from rlvr.errors import LedgerError

OUTCOMES = ("right", "partly", "wrong", "no_answer", "undecided", "lost")

_VIEWS = """
CREATE VIEW held AS
WITH starts AS (SELECT attempt, min(step) AS first_step FROM rollouts GROUP BY attempt)
SELECT *, CASE
    WHEN status IS NULL THEN 'lost'
    WHEN status <> 'graded' THEN status
    WHEN score >= 1 THEN 'right'
    WHEN score <= 0 THEN 'wrong'
    ELSE 'partly' END AS outcome
FROM rollouts
WHERE step < coalesce(
    (SELECT min(first_step) FROM starts WHERE starts.attempt > rollouts.attempt), 2147483647)
"""


def open_ledger(run_dir: Path) -> duckdb.DuckDBPyConnection:
    """Open the ledger and the problems of a run for queries; close it when done.

    Raises:
        LedgerError: a file is damaged or has other columns than the ledger.
    """
    files = [str(path) for path in sorted((run_dir / "ledger").glob("step=*/attempt=*.parquet"))]
    connection = duckdb.connect(config={"enable_external_access": False})
    try:
        rows = ds.dataset(files, schema=LEDGER_SCHEMA, format="parquet") if files else None
    except (pa.ArrowInvalid, OSError) as error:
        raise LedgerError(
            f"the ledger of {run_dir} cannot be read: {error}; see `rlvr audit check`"
        ) from error
    connection.register("rollouts", LEDGER_SCHEMA.empty_table() if rows is None else rows)
    connection.register("problems", read_problems(run_dir))
    connection.execute(_VIEWS)
    return connection
