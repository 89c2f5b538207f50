r"""Quadratic equations.

    The larger solution of x^2 - 5x + 6 = 0?   ->   D = 25 - 24 = 1; x = (5 + 1)/2 \boxed{3}

Level 1 has whole solutions and leading coefficient 1, 2 fractions, 3 solutions with a square root.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt, lcm
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.math.formulas import signed_sum
from guru_data.synthetic.task import Puzzle

_Coefficients = tuple[int, int, int]


class QuadraticTask:
    """The larger of two real solutions."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__quadratic"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        coefficients = _irrational(rng) if level == 3 else _factored(rng, level)
        a, b, c = coefficients
        text = f"{signed_sum([(a, 'x^2'), (b, 'x'), (c, '')])} = 0"
        answer, wrong = _larger(coefficients), _larger((a, -b, c))
        if wrong == answer:  # b is zero
            wrong = _larger((a, b - 2 * a, c))
        discriminant = b * b - 4 * a * c
        working = (
            f"D = {b * b} - ({4 * a * c}) = {discriminant}; x = ({-b} + \\sqrt{{{discriminant}}})/{2 * a}"
        )
        return Puzzle(
            content=text,
            prompt=f"What is the larger solution of {text}?\nAnswer exactly, in \\boxed{{}}.",
            ground_truth=answer,
            worked=f"{working} {boxed(answer)}",
            guess=boxed(_larger(_irrational(rng) if level == 3 else _factored(rng, level))),
            wrong=f"{working} {boxed(wrong)}",
        )


def _factored(rng: Random, level: Level) -> _Coefficients:
    """`(px + q)(rx + s)` with two different solutions."""
    while True:
        p, r = (rng.randint(2, 5), rng.randint(1, 5)) if level == 2 else (1, 1)
        q, s = rng.randint(-30, 30), rng.randint(-30, 30)
        if p * s != r * q:
            return p * r, p * s + q * r, q * s


def _irrational(rng: Random) -> _Coefficients:
    """Two real solutions that are no fractions."""
    while True:
        a, b, c = rng.randint(1, 9), rng.randint(-30, 30), rng.choice([n for n in range(-30, 31) if n])
        discriminant = b * b - 4 * a * c
        if discriminant > 0 and isqrt(discriminant) ** 2 != discriminant:
            return a, b, c


def _larger(coefficients: _Coefficients) -> str:
    r"""`3`, `5/2`, or `\frac{3+2\sqrt{5}}{4}` in lowest terms."""
    a, b, c = coefficients
    outside, inside = _square_factor(b * b - 4 * a * c)
    if inside == 1:
        return str(Fraction(-b + outside, 2 * a))
    middle, factor = Fraction(-b, 2 * a), Fraction(outside, 2 * a)
    below = lcm(middle.denominator, factor.denominator)
    top = signed_sum([(int(middle * below), ""), (int(factor * below), f"\\sqrt{{{inside}}}")])
    return top if below == 1 else f"\\frac{{{top}}}{{{below}}}"


def _square_factor(number: int) -> tuple[int, int]:
    """(k, m) with number = k^2 m and m free of squares."""
    outside = max(k for k in range(1, isqrt(number) + 1) if number % (k * k) == 0)
    return outside, number // outside**2
