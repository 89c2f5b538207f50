"""Laws of physics and chemistry whose one side is a product of powers: `E = 1/2 m v^2`.

Law + values of all symbols but one --solve--> the missing one
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple


class Quantity(NamedTuple):
    """What a symbol stands for in a law."""

    symbol: str
    unit: str
    low: float
    """Values are drawn between these two."""
    high: float
    power: int
    """On the law's right side."""


class Law(NamedTuple):
    """`result = constant * product of symbol ** power`"""

    equation: str
    result: str
    unit: str
    """Of the result."""
    constant: float
    quantities: tuple[Quantity, ...]

    def units(self) -> dict[str, str]:
        """By symbol, the result's included."""
        return {self.result: self.unit} | {one.symbol: one.unit for one in self.quantities}

    def solve(self, symbol: str, values: Mapping[str, float]) -> float:
        """The value of a symbol, given those of all the others; all are positive."""
        factors = {one.symbol: one.power for one in self.quantities}
        known = self.constant * prod(
            values[name] ** power for name, power in factors.items() if name != symbol
        )
        if symbol == self.result:
            return known
        return float((values[self.result] / known) ** (1 / factors[symbol]))


_MASS = Quantity("m", "kg", 1, 90, 1)
_SPEED = Quantity("v", "m/s", 1, 40, 1)
_TIME = Quantity("t", "s", 2, 90, 1)
_FORCE = Quantity("F", "N", 5, 500, 1)

ACCELERATION = Law("F = m a", "F", "N", 1, (_MASS, Quantity("a", "m/s^2", 0.5, 20, 1)))
WORK = Law("W = F s", "W", "J", 1, (_FORCE, Quantity("s", "m", 1, 80, 1)))
POWER = Law("P = W/t", "P", "W", 1, (Quantity("W", "J", 100, 9000, 1), _TIME._replace(power=-1)))
PRESSURE = Law("p = F/A", "p", "Pa", 1, (_FORCE, Quantity("A", "m^2", 0.1, 5, -1)))
KINETIC = Law("W = 1/2 m v^2", "W", "J", 0.5, (_MASS, _SPEED._replace(power=2)))
LIFTING = Law("W = m g h with g = 9.81 m/s^2", "W", "J", 9.81, (_MASS, Quantity("h", "m", 1, 60, 1)))
MASS = Law(
    "m = d V", "m", "kg", 1, (Quantity("d", "kg/m^3", 100, 9000, 1), Quantity("V", "m^3", 0.01, 0.5, 1))
)
CIRCLE = Law("a = v^2/r", "a", "m/s^2", 1, (_SPEED._replace(power=2), Quantity("r", "m", 2, 90, -1)))
MOMENTUM = Law("p = m v", "p", "kg m/s", 1, (_MASS, _SPEED))
VOLTAGE = Law("U = R I", "U", "V", 1, (Quantity("R", "ohm", 2, 300, 1), Quantity("I", "A", 0.1, 9, 1)))
CHARGE = Law("Q = I t", "Q", "C", 1, (Quantity("I", "A", 0.1, 9, 1), _TIME))
CURRENT_WORK = Law("W = U Q", "W", "J", 1, (Quantity("U", "V", 1, 400, 1), Quantity("Q", "C", 1, 200, 1)))
SPRING = Law("F = k x", "F", "N", 1, (Quantity("k", "N/m", 20, 900, 1), Quantity("x", "m", 0.02, 0.9, 1)))
WAVE = Law("v = f l", "v", "m/s", 1, (Quantity("f", "Hz", 2, 900, 1), Quantity("l", "m", 0.05, 9, 1)))
HEAT = Law(
    "Q = c m T with c = 4180 J/(kg K)", "Q", "J", 4180, (_MASS, Quantity("T", "K", 1, 80, 1))
)  # fmt: skip
AMOUNT = Law("n = m/M", "n", "mol", 1, (Quantity("m", "g", 1, 500, 1), Quantity("M", "g/mol", 2, 300, -1)))
SOLUTION = Law("c = n/V", "c", "mol/L", 1, (Quantity("n", "mol", 0.1, 9, 1), Quantity("V", "L", 0.1, 9, -1)))
GAS = Law(
    "p = n R T/V with R = 8.314 J/(mol K)", "p", "Pa", 8.314,
    (Quantity("n", "mol", 0.1, 9, 1), Quantity("T", "K", 250, 600, 1), Quantity("V", "m^3", 0.01, 0.9, -1)),
)  # fmt: skip

LAWS = (
    ACCELERATION, WORK, POWER, PRESSURE, KINETIC, LIFTING, MASS, CIRCLE, MOMENTUM, VOLTAGE, CHARGE,
    CURRENT_WORK, SPRING, WAVE, HEAT, AMOUNT, SOLUTION, GAS,
)  # fmt: skip
CHAINS = (
    (ACCELERATION, WORK), (ACCELERATION, PRESSURE), (WORK, POWER), (KINETIC, POWER), (LIFTING, POWER),
    (MASS, ACCELERATION), (MASS, KINETIC), (MASS, LIFTING), (MASS, MOMENTUM), (MASS, HEAT),
    (CIRCLE, ACCELERATION), (CHARGE, CURRENT_WORK), (VOLTAGE, CURRENT_WORK), (CURRENT_WORK, POWER),
    (SPRING, WORK), (SPRING, PRESSURE), (WAVE, KINETIC), (WAVE, MOMENTUM), (AMOUNT, SOLUTION), (AMOUNT, GAS),
)  # fmt: skip
"""Pairs in which the first law's result is a quantity of the second, and no other symbol is in both."""
