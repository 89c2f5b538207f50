"""Orderings: put items in order from pairwise comparisons.

    H > D, M > H. Order from largest in <answer>.   ->   M > H > D <answer>['M', 'H', 'D']</answer>

The comparisons name every neighbouring pair of the order, so exactly one order satisfies them.
Level 1 orders three items, 2 also turns comparisons round (`D < Q`), 3 orders four items.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.task import Puzzle

_ITEMS = "ABCDEFGHIJKLMNOP"


class OrderingTask:
    """Orders of a few letters from largest to smallest."""

    domain: ClassVar[Domain] = "logic"
    verifier: ClassVar[str] = "ordering"
    data_source: ClassVar[str] = "synthetic__ordering"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        order = rng.sample(_ITEMS, 4 if level == 3 else 3)
        comparisons = [_compare(larger, smaller, rng, level) for larger, smaller in pairwise(order)]
        rng.shuffle(comparisons)
        guess = rng.sample(order, len(order))
        wrong = [order[1], order[0], *order[2:]]
        return Puzzle(
            content=">".join(order),
            prompt=f"{', '.join(comparisons)}. Order from largest in <answer>.",
            ground_truth=list(order),
            worked=f"{' > '.join(order)} {_answer(order)}",
            guess=_answer(guess),
            wrong=f"{' > '.join(wrong)} {_answer(wrong)}",
        )


def _compare(larger: str, smaller: str, rng: Random, level: Level) -> str:
    turned = level >= 2 and rng.random() < 0.5
    return f"{smaller} < {larger}" if turned else f"{larger} > {smaller}"


def _answer(order: list[str]) -> str:
    return f"<answer>{order}</answer>"
