r"""Linear equations in one unknown.

    Solve 3x + 5 = 26.   ->   3x = 21; x = 7 \boxed{7}

Level 1 has the unknown on one side and a whole solution, 2 on both sides, 3 brackets and any solution.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.math.formulas import signed_sum
from guru_data.synthetic.task import Puzzle


class LinearEquationTask:
    """Equations `ax + b = cx + d` with one solution."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__linear_equation"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        left, right, text = _bracketed(rng) if level == 3 else _whole(rng, level)
        slope, constant = left[0] - right[0], right[1] - left[1]
        solution = Fraction(constant, slope)
        wrong = solution + rng.choice((-1, 1))
        sides = f"{_side(left)} = {_side(right)}"
        working = f"{sides}; {_side((slope, 0))} = {constant}"
        return Puzzle(
            content=text,
            prompt=f"Solve {text} for x.\nAnswer with the value of x in \\boxed{{}}.",
            ground_truth=str(solution),
            worked=f"{working}; x = {solution} {boxed(solution)}",
            guess=boxed(rng.randint(-20, 20)),
            wrong=f"{working}; x = {wrong} {boxed(wrong)}",
        )


_Side = tuple[int, int]
"""Slope and constant."""


def _whole(rng: Random, level: Level) -> tuple[_Side, _Side, str]:
    slope = rng.randint(2, 12)
    other = rng.choice([c for c in range(-9, 10) if c not in (0, slope)]) if level == 2 else 0
    solution, constant = rng.randint(-20, 20), rng.choice([b for b in range(-30, 31) if b])
    left, right = (slope, constant), (other, (slope - other) * solution + constant)
    return left, right, f"{_side(left)} = {_side(right)}"


def _bracketed(rng: Random) -> tuple[_Side, _Side, str]:
    """`a(bx + c) = dx + e`"""
    outer, inner = rng.randint(2, 9), rng.randint(2, 9)
    shift, constant = (rng.choice([n for n in range(-15, 16) if n]) for _ in range(2))
    other = rng.choice([d for d in range(-9, 10) if d not in (0, outer * inner)])
    right = (other, constant)
    return (outer * inner, outer * shift), right, f"{outer}({_side((inner, shift))}) = {_side(right)}"


def _side(side: _Side) -> str:
    return signed_sum([(side[0], "x"), (side[1], "")])
