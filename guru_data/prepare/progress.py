"""How a long pass says how far it is: a caller's function goes round the rows.

for row in track(rows, "read", None): ...
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Passes rows through and shows their number."""

    def __call__(self, rows: Iterable[T], step: str, total: int | None, /) -> Iterable[T]:
        """The same rows; `total` is None where it is not known before."""
        ...


def untracked(rows: Iterable[T], step: str, total: int | None, /) -> Iterable[T]:
    """Show nothing."""
    return rows
