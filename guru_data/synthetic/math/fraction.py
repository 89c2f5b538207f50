r"""Sums and products of fractions.

    3/4 + 5/6 = ?   ->   9/12 + 10/12 = 19/12 \boxed{19/12}

Level 1 adds or subtracts two fractions, 2 multiplies or divides two with larger numbers, 3 has three
fractions, the first two in brackets.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm
from operator import add, mul, sub, truediv
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.task import Puzzle

_APPLY: dict[str, Callable[[Fraction, Fraction], Fraction]] = {"+": add, "-": sub, "*": mul, "/": truediv}
_SIGNS: dict[Level, str] = {1: "+-", 2: "*/", 3: "+-*/"}
_LARGEST: dict[Level, int] = {1: 12, 2: 20, 3: 15}


class FractionTask:
    """Values of sums, products and quotients of proper fractions."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__fraction"
    usual_level: ClassVar[Level] = 2

    def draw(self, rng: Random, level: Level) -> Puzzle:
        first, second, third = (_proper(rng, _LARGEST[level]) for _ in range(3))
        sign, last = rng.choice(_SIGNS[level]), rng.choice(_SIGNS[level])
        value = _APPLY[sign](first, second)
        text, working = f"({first}) {sign} ({second})", _working(first, sign, second)
        content = " ".join(sorted((str(first), str(second)))) if sign in "+*" else f"{first} {second}"
        if level == 3:
            text, working = f"({text}) {last} ({third})", f"{working}; {_working(value, last, third)}"
            content, value = f"{content} {last} {third}", _APPLY[last](value, third)
        wrong = value + Fraction(rng.choice((-1, 1)), value.denominator)
        return Puzzle(
            content=f"{sign} {content}",
            prompt=f"{text} = ?\nAnswer as a fraction in \\boxed{{}}.",
            ground_truth=str(value),
            worked=f"{working} {boxed(value)}",
            guess=boxed(_proper(rng, _LARGEST[level])),
            wrong=f"{working} {boxed(wrong)}",
        )


def _proper(rng: Random, largest: int) -> Fraction:
    denominator = rng.randint(3, largest)
    tops = [top for top in range(1, denominator) if gcd(top, denominator) == 1]
    return Fraction(rng.choice(tops), denominator)


def _working(left: Fraction, sign: str, right: Fraction) -> str:
    value = _APPLY[sign](left, right)
    if sign in "+-":
        below = lcm(left.denominator, right.denominator)
        tops = [side.numerator * (below // side.denominator) for side in (left, right)]
        return f"{tops[0]}/{below} {sign} {tops[1]}/{below} = {value}"
    factor = right if sign == "*" else 1 / right
    above, below = left.numerator * factor.numerator, left.denominator * factor.denominator
    return f"({left}) * ({factor}) = {above}/{below} = {value}"
