"""What a source of problems is. Implementations are named in `guru_data.sources`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from guru_data.problem import Problem, Split


class Source(Protocol):
    """Built from its own config; reading it twice gives the same problems in the same order."""

    def problems(self, split: Split) -> Iterator[Problem]:
        """The problems of one side, one at a time.

        Raises:
            SourceError: the source cannot be read, or a row is malformed.
            SourceConfigError: the config asks for more than the source holds.
        """
        ...
