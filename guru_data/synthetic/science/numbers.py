"""Measured numbers: drawn, and written without powers of ten."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random


def significant(value: Fraction | float, digits: int = 4) -> str:
    """Rounded to so many significant digits: `0.0625`, `47000000`."""
    return format(Decimal(f"{float(value):.{digits}g}"), "f")


def draw_number(rng: Random, low: float, high: float) -> Fraction:
    """Between two bounds, with two or three significant digits."""
    return Fraction(significant(rng.uniform(low, high), rng.randint(2, 3)))
