"""How sums of terms are written: `3x - 2y + 5`."""

from __future__ import annotations

from collections.abc import Sequence


def signed_sum(terms: Sequence[tuple[int, str]]) -> str:
    """Coefficients with what they multiply; a zero is left out, a one before a letter is not written."""
    written = ""
    for coefficient, letters in terms:
        if coefficient == 0:
            continue
        size = "" if letters and abs(coefficient) == 1 else str(abs(coefficient))
        if written:
            written += " - " if coefficient < 0 else " + "
        elif coefficient < 0:
            written += "-"
        written += f"{size}{letters}"
    return written or "0"
