r"""Read plain numbers exactly: the cheapest stage after comparing texts.

    "1,234"  "12\,345"  "-.5"  "3/4"  "\frac{3}{4}"  "070"  "34.0"  --> Fraction

Everything else (percentages, units, `10^3`, mixed numbers) is left to the parser. Only a shape that can mean
one thing is read here; `1,22` is not.
"""

from __future__ import annotations

import re
from fractions import Fraction

MAX_NUMBER_CHARS = 1_000

_SPACING = re.compile(r"\\[,!;: ]|\{,\}|[\s~$]")
_SIDE_BY_SIDE = re.compile(r"\d\s+\d")
_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?")
_RATIO = re.compile(r"([+-]?)(?:\\[dt]?frac\{([+-]?\d+)\}\{(\d+)\}|(\d+)/(\d+))")


def plain_number(text: str) -> Fraction | None:
    """The exact value of an integer, decimal or simple fraction; None for anything else."""
    if len(text) > MAX_NUMBER_CHARS or _SIDE_BY_SIDE.search(text):
        return None
    text = _SPACING.sub(lambda match: "," if match.group() == "{,}" else "", text).replace("−", "-")
    if match := _NUMBER.fullmatch(text):
        sign, whole, decimals = match.group(1), match.group(2) or "", match.group(3) or ""
        if not whole and len(decimals) < 2:
            return None
        value = Fraction((whole.replace(",", "") or "0") + (decimals if len(decimals) > 1 else ""))
        return -value if sign == "-" else value
    if match := _RATIO.fullmatch(text):
        numerator, denominator = int(match.group(2) or match.group(4)), int(match.group(3) or match.group(5))
        if denominator == 0:
            return None
        value = Fraction(numerator, denominator)
        return -value if match.group(1) == "-" else value
    return None
