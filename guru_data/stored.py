"""Problems in Parquet, as `prepare` writes them: the schema, and rows both ways.

    Problem --ProblemWriter--> file --parquet_rows, stored_problem--> Problem

The reference, `extra` and the pass rates differ from problem to problem, so they are JSON text. The
file says in its metadata that it is of this format. The same problems give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from guru_data.errors import SourceError
from guru_data.problem import Problem

FORMAT_KEY, FORMAT = b"guru_data.format", b"1"
_JSON_COLUMNS = ("ground_truth", "extra", "pass_rates")
_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("prompt", pa.list_(_MESSAGE)),
        ("domain", pa.string()),
        ("data_source", pa.string()),
        ("verifier", pa.string()),
        ("ground_truth", pa.string()),
        ("extra", pa.string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("split", pa.string()),
        ("difficulty", pa.string()),
        ("pass_rates", pa.string()),
    ],
    metadata={FORMAT_KEY: FORMAT},
)
_GROUP_ROWS, _GROUP_CHARS = 2_000, 16_000_000
"""A row group ends at so many rows, or at so many characters of references."""


class ProblemWriter:
    """Writes problems to a new file, a row group at a time; a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._chars = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._file.close()

    def add(self, problem: Problem) -> None:
        row = stored_row(problem)
        self._rows.append(row)
        self._chars += len(row["ground_truth"]) + len(row["extra"])
        if len(self._rows) == _GROUP_ROWS or self._chars >= _GROUP_CHARS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows, self._chars = [], 0


def stored_row(problem: Problem) -> dict[str, Any]:
    """A problem as a row of a file of this format."""
    row = problem.model_dump()
    for key in _JSON_COLUMNS:
        row[key] = json.dumps(row[key], sort_keys=True)
    return row


def stored_problem(row: Mapping[str, Any]) -> Problem:
    """The problem in a row of a file of this format."""
    values = {key: json.loads(row[key]) if key in _JSON_COLUMNS else row[key] for key in SCHEMA.names}
    return Problem.model_validate(values)


def is_stored_format(metadata: Mapping[bytes, bytes], path: Path) -> bool:
    """Whether a file with this metadata is of this format, and not a person's own.

    Raises:
        SourceError: it is of a later format.
    """
    found = metadata.get(FORMAT_KEY)
    if found not in (None, FORMAT):
        raise SourceError(f"{path} is of format {found!r}, this version reads {FORMAT!r}: prepare it anew")
    return found is not None
