r"""Arithmetic with brackets, worked operation by operation.

    12 * (3 + 8) - 7 = ?   ->   3 + 8 = 11; 12 * 11 = 132; 132 - 7 = 125 \boxed{125}

The level is the number of operations beyond one, each plus, minus or times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import add, mul, sub
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.task import Puzzle

_APPLY: dict[str, Callable[[int, int], int]] = {"+": add, "-": sub, "*": mul}
_NUMBERS = range(2, 31)


class ArithmeticTask:
    """Values of expressions."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__arithmetic"
    usual_level: ClassVar[Level] = 2

    def draw(self, rng: Random, level: Level) -> Puzzle:
        tree = _draw(rng, level + 1)
        value = tree.value
        wrong = value + rng.choice((-10, -1, 1, 10))
        *steps, _ = tree.steps()
        working = "; ".join([*steps, f"{tree.sides()} ="])
        return Puzzle(
            content=tree.canonical(),
            prompt=f"{tree} = ?\nAnswer in \\boxed{{}}.",
            ground_truth=str(value),
            worked=f"{working} {value} {boxed(value)}",
            guess=boxed(_draw(rng, level + 1).value),
            wrong=f"{working} {wrong} {boxed(wrong)}",
        )


@dataclass(frozen=True)
class Number:
    """A leaf."""

    value: int

    def __str__(self) -> str:
        return str(self.value)

    def steps(self) -> list[str]:
        return []

    def canonical(self) -> str:
        return str(self.value)


@dataclass(frozen=True)
class Operation:
    """Two expressions and the sign between them."""

    sign: str
    left: Expression
    right: Expression

    @property
    def value(self) -> int:
        return _APPLY[self.sign](self.left.value, self.right.value)

    def __str__(self) -> str:
        """With the fewest brackets that keep the meaning."""
        left, right = str(self.left), str(self.right)
        if _is_sum(self.left) and self.sign == "*":
            left = f"({left})"
        if _is_sum(self.right) and self.sign != "+":
            right = f"({right})"
        return f"{left} {self.sign} {right}"

    def sides(self) -> str:
        """The last operation with its operands' values."""
        left, right = self.left.value, self.right.value
        return f"{left} {self.sign} {right if right >= 0 else f'({right})'}"

    def steps(self) -> list[str]:
        """Every operation with its result, inner ones first."""
        return [*self.left.steps(), *self.right.steps(), f"{self.sides()} = {self.value}"]

    def canonical(self) -> str:
        """The same for expressions that differ only in the order of summands or factors."""
        if self.sign == "*":
            return "*".join(sorted(f"({side.canonical()})" for side in _factors(self)))
        terms = sorted(f"{sign}({term.canonical()})" for sign, term in _summands(self, positive=True))
        return "".join(terms)


Expression = Number | Operation


def _is_sum(expression: Expression) -> bool:
    return isinstance(expression, Operation) and expression.sign != "*"


def _factors(expression: Expression) -> list[Expression]:
    if isinstance(expression, Operation) and expression.sign == "*":
        return [*_factors(expression.left), *_factors(expression.right)]
    return [expression]


def _summands(expression: Expression, *, positive: bool) -> list[tuple[str, Expression]]:
    if not isinstance(expression, Operation) or expression.sign == "*":
        return [("+" if positive else "-", expression)]
    right = positive if expression.sign == "+" else not positive
    return [*_summands(expression.left, positive=positive), *_summands(expression.right, positive=right)]


def _draw(rng: Random, operations: int) -> Operation:
    left = rng.randrange(operations)
    return Operation(rng.choice("+-*"), _side(rng, left), _side(rng, operations - 1 - left))


def _side(rng: Random, operations: int) -> Expression:
    return _draw(rng, operations) if operations else Number(rng.choice(_NUMBERS))
