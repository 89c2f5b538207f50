"""What a source of problems is. Implementations are named in `guru_data.sources`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from guru_data.errors import SourceError
from guru_data.problem import Problem, Rejected, Split


class Source(Protocol):
    """Built from its own config; reading it twice gives the same problems in the same order."""

    def problems(self, split: Split) -> Iterator[Problem]:
        """The problems of one side, one at a time.

        Raises:
            SourceError: the source cannot be read, or a row is malformed.
            SourceConfigError: the config asks for more than the source holds.
        """
        ...

    def rows(self) -> Iterator[Problem | Rejected]:
        """Both sides, and in their place the rows that are no problem: nothing is left out.

        Raises:
            SourceError: the source cannot be read.
            SourceConfigError: the config asks for more than the source holds.
        """
        ...

    def files(self) -> list[Path]:
        """The files that the rows are read from; none where problems are made."""
        ...


def strictly(rows: Iterable[Problem | Rejected], split: Split) -> Iterator[Problem]:
    """The problems of one side of a person's own data, where a bad row is theirs to mend.

    Raises:
        SourceError: a row is malformed.
    """
    for row in rows:
        if isinstance(row, Rejected):
            raise SourceError(str(row))
        if row.split == split:
            yield row
