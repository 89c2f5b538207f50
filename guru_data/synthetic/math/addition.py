r"""Additions, worked column by column.

    47 + 38 = ?   ->   7+8=15 4+3+1=8 \boxed{85}

Level 1 adds a digit to a two-digit number, 2 two two-digit numbers, 3 two three-digit numbers.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.task import Puzzle

_RANGES: dict[Level, tuple[range, range]] = {
    1: (range(10, 100), range(1, 10)),
    2: (range(10, 100), range(10, 100)),
    3: (range(100, 1000), range(100, 1000)),
}


class AdditionTask:
    """Sums of two numbers."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__addition"
    usual_level: ClassVar[Level] = 2

    def draw(self, rng: Random, level: Level) -> Puzzle:
        first, second = (rng.choice(numbers) for numbers in _RANGES[level])
        total = first + second
        guess = sum(rng.choice(numbers) for numbers in _RANGES[level])
        wrong = total + rng.choice((-10, -1, 1, 10))  # a slipped digit or a lost carry
        low, high = sorted((first, second))
        return Puzzle(
            content=f"{low}+{high}",  # 47 + 38 and 38 + 47 are one problem
            prompt=f"{first} + {second} = ?\nAnswer in \\boxed{{}}.",
            ground_truth=str(total),
            worked=f"{column_working(first, second)} \\boxed{{{total}}}",
            guess=f"\\boxed{{{guess}}}",
            wrong=f"{column_working(first, second)} \\boxed{{{wrong}}}",
        )


def column_working(first: int, second: int) -> str:
    """The column sums from the units up, each with the carry it received: `7+8=15 4+3+1=8`."""
    lines = []
    carry = 0
    for place in range(max(len(str(first)), len(str(second)))):
        terms = [number // 10**place % 10 for number in (first, second) if number >= 10**place]
        if carry:
            terms.append(carry)
        column = sum(terms)
        lines.append(f"{'+'.join(map(str, terms))}={column}")
        carry = column // 10
    return " ".join(lines)
