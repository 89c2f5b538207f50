r"""Systems of linear equations with one whole solution.

    Solve 2x + 3y = 13, x - y = -1.   ->   15x = 30; x = 2, y = 3 \boxed{(2, 3)}

Level 1 has two unknowns and small numbers, 2 larger ones, 3 three unknowns.
"""

from __future__ import annotations

from itertools import permutations
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.math.formulas import signed_sum
from guru_data.synthetic.task import Puzzle

_COEFFICIENTS: dict[Level, int] = {1: 4, 2: 9, 3: 4}
_SOLUTIONS: dict[Level, int] = {1: 9, 2: 20, 3: 9}

_Matrix = list[list[int]]


class LinearSystemTask:
    """As many equations as unknowns, with a determinant that is not zero."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__linear_system"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        names = "xyz" if level == 3 else "xy"
        matrix = _invertible(rng, len(names), _COEFFICIENTS[level])
        largest = _SOLUTIONS[level]
        solution = [rng.randint(-largest, largest) for _ in names]
        sums = [sum(a * x for a, x in zip(row, solution, strict=True)) for row in matrix]
        equations = [
            f"{signed_sum(list(zip(row, names, strict=True)))} = {total}"
            for row, total in zip(matrix, sums, strict=True)
        ]
        slipped = list(solution)
        slipped[rng.randrange(len(names))] += rng.choice((-1, 1))
        whole = determinant(matrix)
        working = "; ".join(
            f"{signed_sum([(whole, name)])} = {determinant(_replaced(matrix, at, sums))}"
            for at, name in enumerate(names)
        )
        unknowns = f"({', '.join(names)})"
        return Puzzle(
            content="; ".join(sorted(equations)),
            prompt=f"Solve {', '.join(equations)}.\nAnswer with {unknowns} in \\boxed{{}}.",
            ground_truth=_point(solution),
            worked=f"{working}; {unknowns} = {_point(solution)} {boxed(_point(solution))}",
            guess=boxed(_point([rng.randint(-largest, largest) for _ in names])),
            wrong=f"{working}; {unknowns} = {_point(slipped)} {boxed(_point(slipped))}",
        )


def determinant(matrix: _Matrix) -> int:
    """By Leibniz' formula; for two or three rows."""
    total = 0
    for order in permutations(range(len(matrix))):
        inversions = sum(a > b for at, a in enumerate(order) for b in order[at + 1 :])
        product = -1 if inversions % 2 else 1
        for row, column in zip(matrix, order, strict=True):
            product *= row[column]
        total += product
    return total


def _invertible(rng: Random, size: int, largest: int) -> _Matrix:
    while True:
        matrix = [[rng.randint(-largest, largest) for _ in range(size)] for _ in range(size)]
        if determinant(matrix):
            return matrix


def _replaced(matrix: _Matrix, column: int, values: list[int]) -> _Matrix:
    """The matrix of Cramer's rule."""
    return [[*row[:column], value, *row[column + 1 :]] for row, value in zip(matrix, values, strict=True)]


def _point(values: list[int]) -> str:
    return f"({', '.join(map(str, values))})"
