r"""Find the rows of a table that a comparison picks.

    Which cities sold more in 2022 than in 2021?   ->   Arden 341 > 120, ... \boxed{Arden|Corby}

Level 1 asks for the largest or smallest, 2 for all above a number, 3 for all that grew or shrank.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.table.ledgers import Ledger, draw_ledger
from guru_data.synthetic.task import Puzzle

_ROWS: dict[Level, int] = {1: 5, 2: 6, 3: 7}


class TableComparisonTask:
    """Names of cities."""

    domain: ClassVar[Domain] = "table"
    verifier: ClassVar[str] = "table"
    data_source: ClassVar[str] = "synthetic__table_comparison"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        names: list[str] = []
        while not names:
            ledger = draw_ledger(rng, _ROWS[level], 2)
            question, working, names = _extreme(rng, ledger) if level == 1 else _several(rng, ledger, level)
        others = [city for city in ledger.cities if city not in names]
        wrong = [rng.choice(others)] if level == 1 else _slipped(rng, names, others)
        several = "" if level == 1 else ", several in one box, separated by |"
        return Puzzle(
            content=f"{ledger.content} {question}",
            prompt=f"Cars sold:\n{ledger.text}\n{question} Answer in \\boxed{{}}{several}.",
            ground_truth="|".join(names),
            worked=f"{working} {boxed('|'.join(names))}",
            guess=boxed("|".join(rng.sample(ledger.cities, len(names)))),
            wrong=f"{working} {boxed('|'.join(wrong))}",
        )


def _extreme(rng: Random, ledger: Ledger) -> tuple[str, str, list[str]]:
    year, most = rng.choice(ledger.years), rng.random() < 0.5
    numbers = {ledger.of(city, year): city for city in ledger.cities}
    found = max(numbers) if most else min(numbers)
    question = f"Which city sold the {'most' if most else 'fewest'} in {year}?"
    return question, f"{found} of {', '.join(map(str, numbers))}", [numbers[found]]


def _several(rng: Random, ledger: Ledger, level: Level) -> tuple[str, str, list[str]]:
    """Level 2 picks some and not all; at level 3 it may be all, or none."""
    before, after = ledger.years
    if level == 2:
        year = rng.choice(ledger.years)
        least = sorted(ledger.column(year))[rng.randint(1, len(ledger.cities) - 3)]
        picked = {
            city: f"{ledger.of(city, year)} > {least}"
            for city in ledger.cities
            if ledger.of(city, year) > least
        }
        question = f"Which cities sold more than {least} in {year}?"
    else:
        grew = rng.random() < 0.5
        changes = {city: ledger.of(city, after) - ledger.of(city, before) for city in ledger.cities}
        picked = {city: f"{change:+}" for city, change in changes.items() if (change > 0) == grew}
        question = f"Which cities sold {'more' if grew else 'fewer'} in {after} than in {before}?"
    return question, ", ".join(f"{city} {why}" for city, why in picked.items()), list(picked)


def _slipped(rng: Random, names: list[str], others: list[str]) -> list[str]:
    """One name overlooked, or one too many."""
    if len(names) > 1 and (not others or rng.random() < 0.5):
        return rng.sample(names, len(names) - 1)
    return [*names, rng.choice(others)]
