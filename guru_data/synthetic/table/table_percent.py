r"""Shares and changes in percent, from the numbers of a table.

    By how many percent did sales in Arden change from 2021 to 2022?   ->   (341 - 120)/120 \boxed{184.17%}

Level 1 asks for a city's share of a year, 2 for a change, 3 for the change of a region's total.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.table.ledgers import Ledger, common_region, draw_ledger
from guru_data.synthetic.task import Puzzle

_ROWS: dict[Level, int] = {1: 4, 2: 5, 3: 6}


class TablePercentTask:
    """Percentages, to two decimals."""

    domain: ClassVar[Domain] = "table"
    verifier: ClassVar[str] = "table"
    data_source: ClassVar[str] = "synthetic__table_percent"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        ledger = draw_ledger(rng, _ROWS[level], 2)
        question, working, share = _share(rng, ledger) if level == 1 else _change(rng, ledger, level)
        answer = _percent(share)
        wrong = _percent(share + rng.choice((-1, 1)) * Fraction(rng.randint(2, 20), 100))
        return Puzzle(
            content=f"{ledger.content} {question}",
            prompt=f"Cars sold:\n{ledger.text}\n{question} Answer with two decimals and % in \\boxed{{}}.",
            ground_truth=answer,
            worked=f"{working} = {answer} {boxed(answer)}",
            guess=boxed(_percent(Fraction(rng.randint(-9999, 20000), 10000))),
            wrong=f"{working} = {wrong} {boxed(wrong)}",
        )


def _share(rng: Random, ledger: Ledger) -> tuple[str, str, Fraction]:
    year, city = rng.choice(ledger.years), rng.choice(ledger.cities)
    part, total = ledger.of(city, year), sum(ledger.column(year))
    return f"What share of the {year} sales is from {city}?", f"{part}/{total}", Fraction(part, total)


def _change(rng: Random, ledger: Ledger, level: Level) -> tuple[str, str, Fraction]:
    before, after = ledger.years
    name = rng.choice(ledger.cities)
    cities = [name]
    if level == 3:
        region = common_region(rng, ledger)
        name, cities = f"the {region}", [city for city in ledger.cities if ledger.regions[city] == region]
    old, new = (sum(ledger.of(city, year) for city in cities) for year in (before, after))
    question = f"By how many percent did sales in {name} change from {before} to {after}?"
    return question, f"({new} - {old})/{old}", Fraction(new - old, old)


def _percent(share: Fraction) -> str:
    return f"{float(share * 100):.2f}%"
