r"""Questions that a law of physics or chemistry answers.

    W = F s. Given F = 12 N, s = 3.5 m, what is W?   ->   W = 42 J \boxed{42 J}

Level 1 asks for a law's result, 2 for one of its other quantities, 3 needs two laws in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.science.laws import CHAINS, LAWS, Law
from guru_data.synthetic.science.numbers import draw_number, significant
from guru_data.synthetic.task import Puzzle

_ASK = "Answer with the unit, to 4 significant digits, in \\boxed{}."


class FormulaTask:
    """One unknown quantity."""

    domain: ClassVar[Domain] = "science"
    verifier: ClassVar[str] = "stem"
    data_source: ClassVar[str] = "synthetic__formula"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        laws = rng.choice(CHAINS) if level == 3 else (rng.choice(LAWS),)
        units = {symbol: unit for law in laws for symbol, unit in law.units().items()}
        values, working = _solved(rng, laws)
        asked = laws[-1].result
        hidden = {law.result for law in laws}
        if level == 2:  # the result is given as it is written, and one of the others asked for
            asked = rng.choice([one.symbol for one in laws[0].quantities])
            values[laws[0].result] = float(significant(values[laws[0].result]))
            values[asked] = laws[0].solve(asked, values)
            hidden, working = {asked}, [_written(asked, values, units)]
        given = ", ".join(_written(symbol, values, units) for symbol in values if symbol not in hidden)
        equations = " and ".join(law.equation for law in laws)
        answer = _measured(values[asked], units[asked])
        wrong = _measured(values[asked] * rng.choice((0.5, 2, 10)), units[asked])
        return Puzzle(
            content=f"{equations}: {given}; {asked}",
            prompt=f"{equations}. Given {given}, what is {asked}?\n{_ASK}",
            ground_truth=answer,
            worked=f"{'; '.join(working)} {boxed(answer)}",
            guess=boxed(_measured(float(draw_number(rng, 1, 1000)), units[asked])),
            wrong=f"{'; '.join(working[:-1])} {boxed(wrong)}",
        )


def _solved(rng: Random, laws: tuple[Law, ...]) -> tuple[dict[str, float], list[str]]:
    """Values of all symbols, inputs drawn and results computed, and the results as they are written."""
    values: dict[str, float] = {}
    working = []
    for law in laws:
        for one in law.quantities:
            if one.symbol not in values:
                values[one.symbol] = float(draw_number(rng, one.low, one.high))
        values[law.result] = law.solve(law.result, values)
        working.append(_written(law.result, values, law.units()))
    return values, working


def _written(symbol: str, values: Mapping[str, float], units: Mapping[str, str]) -> str:
    return f"{symbol} = {_measured(values[symbol], units[symbol])}"


def _measured(value: float, unit: str) -> str:
    return f"{significant(value)} {unit}"
