"""Rows of a Hugging Face data set as problems: the one file that imports `datasets`.

    dataset, columns, values --load_dataset(streaming)--> OwnRow --> Problem | Rejected

Only the named columns are looked at. As with JSON lines, a row that does not fit is an error that
names it, and `prepare` counts such rows instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from guru_data.base import strictly
from guru_data.config import HuggingfaceConfig
from guru_data.errors import MissingColumnError, RowError, SourceConfigError, SourceError
from guru_data.own_rows import OwnRow, OwnRows, fault_of
from guru_data.problem import Problem, Rejected, Split


class HuggingfaceSource:
    """Streams the data set anew each time; holds no rows."""

    def __init__(self, config: HuggingfaceConfig) -> None:
        self._config = config

    def problems(self, split: Split) -> Iterator[Problem]:
        return strictly(self.rows(), split)

    def rows(self) -> Iterator[Problem | Rejected]:
        config = self._config
        name = Path(config.dataset)
        own = OwnRows(name, heldout_share=config.heldout_share, licence=config.licence, place="row")
        for number, row in enumerate(_stream(config)):
            try:
                yield own.problem(number, _own_row(row, config))
            except RowError as error:
                yield own.rejected(number, error)

    def files(self) -> list[Path]:
        """None: the data set is named by its revision."""
        return []


def _stream(config: HuggingfaceConfig) -> Iterator[Mapping[str, Any]]:
    try:
        from datasets import load_dataset  # an optional extra
    except ImportError as error:
        raise SourceConfigError(
            "kind=huggingface needs the `datasets` package: pip install datasets"
        ) from error
    try:
        yield from load_dataset(
            config.dataset, config.subset, split=config.rows_of, revision=config.revision, streaming=True
        )
    except (OSError, ValueError) as error:  # the library's own errors are kinds of these
        raise SourceError(f"cannot read the data set {config.dataset}: {error}") from error


def _own_row(row: Mapping[str, Any], config: HuggingfaceConfig) -> OwnRow:
    found = {key: _value(row, column) for key, column in config.columns.items()}
    present = {key: value for key, value in found.items() if value is not None}
    try:
        return OwnRow.model_validate({**config.values, **present})
    except ValidationError as error:
        raise RowError(fault_of(error)) from error


def _value(row: Mapping[str, Any], column: str) -> Any:
    value: Any = row
    for name in column.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise MissingColumnError(f"no column {column!r}; there are {', '.join(row)}")
        value = value[name]
    return value
