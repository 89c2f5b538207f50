"""A person's own problems: one JSON object per line.

    {"prompt": "2 + 2 = ?", "ground_truth": "4", "verifier": "math", "domain": "math"}

A line holds the keys of `own_rows.OwnRow`. Blank lines are skipped; anything else that does not fit
is an error that names the line, because a training set that shrinks in silence is worse than none.
`prepare` counts such lines instead and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from guru_data.base import strictly
from guru_data.config import JsonlConfig
from guru_data.errors import RowError, SourceError
from guru_data.own_rows import OwnRow, OwnRows, fault_of
from guru_data.problem import Problem, Rejected, Split


class JsonlSource:
    """Reads the file anew for each split; holds no rows."""

    def __init__(self, config: JsonlConfig) -> None:
        self._config = config

    def problems(self, split: Split) -> Iterator[Problem]:
        return strictly(self.rows(), split)

    def rows(self) -> Iterator[Problem | Rejected]:
        config = self._config
        own = OwnRows(config.path, heldout_share=config.heldout_share, licence=config.licence, place="line")
        for number, line in _lines(config.path):
            try:
                yield own.problem(number, _parse(line))
            except RowError as error:
                yield own.rejected(number, error)

    def files(self) -> list[Path]:
        return [self._config.path]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers (from 1) and lines that are not blank."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error


def _parse(line: str) -> OwnRow:
    try:
        return OwnRow.model_validate_json(line)
    except ValidationError as error:
        raise RowError(fault_of(error)) from error
