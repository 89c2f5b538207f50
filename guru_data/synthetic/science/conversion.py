r"""Conversions between units, of one quantity or of a product of two.

    72 km/h in m/s?   ->   1 km/h = 5/18 m/s \boxed{20 m/s}

Level 1 converts areas, volumes, times and energies, 2 quotients such as speeds, 3 multiplies two quantities
whose units do not match.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import ClassVar, NamedTuple

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.science.numbers import draw_number, significant
from guru_data.synthetic.task import Puzzle

_ASK = "Answer with the unit, to 4 significant digits, in \\boxed{}."
_SIMPLE = (
    ("m^2", "cm^2", 10_000),
    ("cm^2", "mm^2", 100),
    ("km^2", "m^2", 1_000_000),
    ("m^3", "L", 1000),
    ("m^3", "cm^3", 1_000_000),
    ("cm^3", "mm^3", 1000),
    ("L", "cm^3", 1000),
    ("h", "s", 3600),
    ("h", "min", 60),
    ("min", "s", 60),
    ("kWh", "kJ", 3600),
    ("MJ", "kJ", 1000),
    ("bar", "kPa", 100),
    ("t", "kg", 1000),
)
_QUOTIENTS = (
    ("m/s", "km/h", Fraction(18, 5)),
    ("km/min", "m/s", Fraction(50, 3)),
    ("m/min", "cm/s", Fraction(5, 3)),
    ("g/cm^3", "kg/m^3", 1000),
    ("kg/L", "g/L", 1000),
    ("L/s", "L/min", 60),
    ("m^3/h", "L/min", Fraction(50, 3)),
    ("L/min", "mL/s", Fraction(50, 3)),
    ("N/cm^2", "kPa", 10),
    ("kJ/min", "W", Fraction(50, 3)),
    ("g/min", "kg/h", Fraction(3, 50)),
    ("J/g", "kJ/kg", 1),
)


class _Product(NamedTuple):
    """Two quantities in their units, and the unit and the factor of their product."""

    words: str
    first: str
    largest: float
    """Value of the first quantity."""
    second: str
    unit: str
    factor: Fraction


_PRODUCTS = (
    _Product("A train goes at {} for {}. How far is that, in m", "km/h", 200, "min", "m", Fraction(50, 3)),
    _Product("A bird flies at {} for {}. How far is that, in km", "m/s", 30, "min", "km", Fraction(3, 50)),
    _Product(
        "A heater of {} is on for {}. What energy is that, in kJ", "W", 900, "min", "kJ", Fraction(3, 50)
    ),
    _Product("A motor of {} runs for {}. What energy is that, in MJ", "kW", 90, "h", "MJ", Fraction(18, 5)),
    _Product("A pump moves {} for {}. What volume is that, in m^3", "L/min", 90, "h", "m^3", Fraction(3, 50)),
    _Product(
        "A metal has a density of {}. What is the mass of {} of it, in kg",
        "g/cm^3",
        22,
        "L",
        "kg",
        Fraction(1),
    ),
    _Product(
        "A pressure of {} acts on {}. What is the force, in N", "kPa", 400, "cm^2", "N", Fraction(1, 10)
    ),
    _Product(
        "A current of {} flows for {}. What is the charge, in C", "mA", 900, "min", "C", Fraction(3, 50)
    ),
)


class ConversionTask:
    """The same quantity in another unit."""

    domain: ClassVar[Domain] = "science"
    verifier: ClassVar[str] = "stem"
    data_source: ClassVar[str] = "synthetic__conversion"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        if level == 3:
            question, working, value, unit = _product(rng)
        else:
            question, working, value, unit = _same(rng, level)
        wrong = value * rng.choice((Fraction(1, 10), 10, 60, Fraction(1, 60)))  # a factor missed
        return Puzzle(
            content=question,
            prompt=f"{question}?\n{_ASK}",
            ground_truth=_measured(value, unit),
            worked=f"{working} = {_measured(value, unit)} {boxed(_measured(value, unit))}",
            guess=boxed(_measured(draw_number(rng, 1, 1000), unit)),
            wrong=f"{working} = {_measured(wrong, unit)} {boxed(_measured(wrong, unit))}",
        )


_Question = tuple[str, str, Fraction, str]
"""The question, its working, the answer's number and unit."""


def _same(rng: Random, level: Level) -> _Question:
    unit, target, factor = rng.choice(_SIMPLE if level == 1 else _QUOTIENTS)
    if rng.random() < 0.5:
        unit, target, factor = target, unit, Fraction(1, factor)
    value = draw_number(rng, 1, 500)
    working = f"1 {unit} = {factor} {target}; {significant(value)} * {factor} {target}"
    return f"What is {significant(value)} {unit} in {target}", working, value * factor, target


def _product(rng: Random) -> _Question:
    words, first_unit, largest, second_unit, unit, factor = rng.choice(_PRODUCTS)
    first, second = draw_number(rng, 1, largest), draw_number(rng, 1, 60)
    question = words.format(f"{significant(first)} {first_unit}", f"{significant(second)} {second_unit}")
    working = (
        f"1 {first_unit} * 1 {second_unit} = {factor} {unit}; "
        f"{significant(first)} * {significant(second)} * {factor} {unit}"
    )
    return question, working, first * second * factor, unit


def _measured(value: Fraction, unit: str) -> str:
    return f"{significant(value)} {unit}"
