r"""Quantities: unit conversions and products from physics.

    47 km in m?                               ->   1 km = 1000 m \boxed{47000}
    F = m a, m = 47 kg, a = 8 m/s^2. F in N?  ->   7*8=56 4*8+5=37 \boxed{376}

Level 1 converts, 2 multiplies a two-digit quantity by a digit, 3 a three-digit one. The question names
the unit, so that the reference is a bare number: whether two units are equal can need a judge.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.task import Puzzle

_CONVERSIONS = (
    ("km", "m", 1000),
    ("m", "cm", 100),
    ("m", "mm", 1000),
    ("cm", "mm", 10),
    ("kg", "g", 1000),
    ("g", "mg", 1000),
    ("L", "mL", 1000),
    ("kJ", "J", 1000),
    ("kW", "W", 1000),
    ("kV", "V", 1000),
    ("s", "ms", 1000),
    ("kPa", "Pa", 1000),
)
_FORMULAS = (
    ("F = m a", "m", "kg", "a", "m/s^2", "F", "N"),
    ("U = R I", "R", "ohm", "I", "A", "U", "V"),
    ("s = v t", "v", "m/s", "t", "s", "s", "m"),
    ("W = F s", "F", "N", "s", "m", "W", "J"),
    ("W = P t", "P", "W", "t", "s", "W", "J"),
    ("P = U I", "U", "V", "I", "A", "P", "W"),
)
_CONVERTED = range(2, 250)
_FACTORS = range(2, 10)


class QuantityTask:
    """A number in a given unit, by conversion or by a formula."""

    domain: ClassVar[Domain] = "science"
    verifier: ClassVar[str] = "stem"
    data_source: ClassVar[str] = "synthetic__quantity"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        if level == 1:
            return _conversion(rng)
        return _formula(rng, range(10, 100) if level == 2 else range(100, 1000))


def _conversion(rng: Random) -> Puzzle:
    unit, target, factor = rng.choice(_CONVERSIONS)
    value = rng.choice(_CONVERTED)
    working = f"1 {unit} = {factor} {target}"
    wrong = value * factor * rng.choice((10, 100))  # a slipped decimal point
    return Puzzle(
        content=f"{value} {unit} in {target}",
        prompt=f"{value} {unit} in {target}?\nAnswer in \\boxed{{}}.",
        ground_truth=str(value * factor),
        worked=f"{working} {_boxed(value * factor)}",
        guess=_boxed(rng.choice(_CONVERTED) * factor),
        wrong=f"{working} {_boxed(wrong)}",
    )


def _formula(rng: Random, values: range) -> Puzzle:
    formula, first, first_unit, second, second_unit, result, unit = rng.choice(_FORMULAS)
    value, factor = rng.choice(values), rng.choice(_FACTORS)
    working = product_working(value, factor)
    given = f"{first} = {value} {first_unit}, {second} = {factor} {second_unit}"
    wrong = value * (factor + 1)  # further off than the tolerance of a measurement
    return Puzzle(
        content=f"{formula}: {given}",
        prompt=f"{formula}, {given}. {result} in {unit}?\nAnswer in \\boxed{{}}.",
        ground_truth=str(value * factor),
        worked=f"{working} {_boxed(value * factor)}",
        guess=_boxed(rng.choice(values) * rng.choice(_FACTORS)),
        wrong=f"{working} {_boxed(wrong)}",
    )


def product_working(value: int, factor: int) -> str:
    """The digit products from the units up, each with the carry it received: `7*8=56 4*8+5=37`."""
    lines = []
    carry = 0
    for digit in map(int, reversed(str(value))):
        column = digit * factor + carry
        lines.append(f"{digit}*{factor}{f'+{carry}' if carry else ''}={column}")
        carry = column // 10
    return " ".join(lines)


def _boxed(value: int) -> str:
    return f"\\boxed{{{value}}}"
