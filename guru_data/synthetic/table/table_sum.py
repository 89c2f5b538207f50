r"""Add up numbers of a table.

    How many were sold in the north in 2021?   ->   120 + 88 = 208 \boxed{208}

Level 1 adds a column, 2 the rows of one region, 3 the rows of one region over all years.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.table.ledgers import Ledger, common_region, draw_ledger
from guru_data.synthetic.task import Puzzle

_SIZES: dict[Level, tuple[int, int]] = {1: (4, 2), 2: (6, 2), 3: (6, 3)}
"""Rows and years."""


class TableSumTask:
    """Sums of some cells."""

    domain: ClassVar[Domain] = "table"
    verifier: ClassVar[str] = "table"
    data_source: ClassVar[str] = "synthetic__table_sum"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        ledger = draw_ledger(rng, *_SIZES[level])
        question, numbers = _question(rng, ledger, level)
        total = sum(numbers)
        slipped = total - rng.choice(numbers)  # a row overlooked
        added = " + ".join(map(str, numbers))
        return Puzzle(
            content=f"{ledger.content} {question}",
            prompt=f"Cars sold:\n{ledger.text}\n{question} Answer in \\boxed{{}}.",
            ground_truth=str(total),
            worked=f"{added} = {total} {boxed(total)}",
            guess=boxed(rng.randint(100, 5000)),
            wrong=f"{added} = {slipped} {boxed(slipped)}",
        )


def _question(rng: Random, ledger: Ledger, level: Level) -> tuple[str, list[int]]:
    """What is asked, and the numbers to add."""
    year = rng.choice(ledger.years)
    if level == 1:
        return f"How many were sold in {year} in all?", ledger.column(year)
    region = common_region(rng, ledger)
    cities = [city for city in ledger.cities if ledger.regions[city] == region]
    if level == 2:
        return f"How many were sold in the {region} in {year}?", [ledger.of(city, year) for city in cities]
    numbers = [number for city in cities for number in ledger.numbers[city]]
    return f"How many were sold in the {region} in all years together?", numbers
