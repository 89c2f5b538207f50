"""How much work one comparison may do, counted by its operations and their sizes and not by a clock.

    with limited_work():   one verdict
        spend(1)           each operation in it, more for long numbers

The count depends on the two answers alone: a busy machine comes to the same verdict as an idle one. Every
single operation is bounded already; this bounds how often an answer can have an expensive one done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from verifiers.math.errors import OverBudgetError

MAX_WORK = 500_000
"""One is an operation on small numbers, about two microseconds; a second or two in all."""


class _Purse:
    def __init__(self) -> None:
        self.left = MAX_WORK


_PURSE: ContextVar[_Purse | None] = ContextVar("purse", default=None)


@contextmanager
def limited_work() -> Iterator[None]:
    """All that is compared inside pays out of one purse; outside, nothing is counted."""
    before = _PURSE.set(_Purse())
    try:
        yield
    finally:
        _PURSE.reset(before)


def spend(work: int) -> None:
    """Pay for an operation.

    Raises:
        OverBudgetError: the purse is empty.
    """
    purse = _PURSE.get()
    if purse is None:
        return
    purse.left -= work
    if purse.left < 0:
        raise OverBudgetError("too much work in one comparison")
