"""Problems in Parquet files: a prepared folder or file, or a person's own file.

    path --parquet_rows--> rows --stored_problem | OwnRow--> Problem | Rejected

A person's own file has the columns of `own_rows.OwnRow`; a null is a missing key, and nested columns
may hold references of any shape. As with JSON lines, a row that does not fit is an error that names
it, and `prepare` counts such rows instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from guru_data.base import strictly
from guru_data.config import ParquetConfig
from guru_data.errors import RowError, SourceError
from guru_data.own_rows import OwnRow, OwnRows, fault_of
from guru_data.parquet_rows import parquet_metadata, parquet_rows
from guru_data.problem import Problem, Rejected, Split
from guru_data.stored import is_stored_format, stored_problem

PREPARED_FILES: dict[Split, str] = {"train": "train.parquet", "heldout": "heldout.parquet"}


class ParquetSource:
    """Reads the files anew each time; holds no rows."""

    def __init__(self, config: ParquetConfig) -> None:
        self._config = config

    def problems(self, split: Split) -> Iterator[Problem]:
        return strictly(self.rows(), split)

    def rows(self) -> Iterator[Problem | Rejected]:
        for path in self.files():
            if is_stored_format(parquet_metadata(path), path):
                for number, row in parquet_rows(path):
                    yield _prepared(path, number, row)
            else:
                yield from self._own(path)

    def files(self) -> list[Path]:
        path = self._config.path
        if not path.is_dir():
            return [path]
        files = [path / name for name in PREPARED_FILES.values() if (path / name).exists()]
        if not files:
            raise SourceError(f"{path} holds no {' and no '.join(PREPARED_FILES.values())}")
        return files

    def _own(self, path: Path) -> Iterator[Problem | Rejected]:
        config = self._config
        own = OwnRows(path, heldout_share=config.heldout_share, licence=config.licence, place="row")
        for number, row in parquet_rows(path):
            try:
                yield own.problem(number, _own_row(row))
            except RowError as error:
                yield own.rejected(number, error)


def _prepared(path: Path, number: int, row: Mapping[str, Any]) -> Problem | Rejected:
    """A damaged row of our own format is reported like any other."""
    try:
        return stored_problem(row)
    except (KeyError, TypeError, ValueError) as error:
        return Rejected(f"{path}:{number}", RowError.reason, str(error))


def _own_row(row: Mapping[str, Any]) -> OwnRow:
    try:
        return OwnRow.model_validate({key: value for key, value in row.items() if value is not None})
    except ValidationError as error:
        raise RowError(fault_of(error)) from error
