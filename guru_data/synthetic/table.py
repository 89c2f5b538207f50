r"""Look one cell up in a small markdown table.

    | name | age |        ->   | Bob | 47 | \boxed{47}
    |---|---|
    | Ann | 31 |
    | Bob | 47 |
    | Eve | 25 |
    age of Bob?

Level 1 has one column of values and three rows, 2 has four rows, 3 has two columns of values.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.task import Puzzle

_NAMES = ("Ann", "Bob", "Cal", "Dan", "Eve", "Fay", "Gus", "Ida")
_COLUMNS = ("age", "size", "rank", "cost")
_VALUES = range(10, 100)


class LookupTask:
    """One cell, asked for by row and column name."""

    domain: ClassVar[Domain] = "table"
    verifier: ClassVar[str] = "table"
    data_source: ClassVar[str] = "synthetic__lookup"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        names = rng.sample(_NAMES, 4 if level == 2 else 3)
        columns = rng.sample(_COLUMNS, 2 if level == 3 else 1)
        values = rng.sample(_VALUES, len(names) * len(columns))
        rows = {name: values[i * len(columns) :][: len(columns)] for i, name in enumerate(names)}

        name, column = rng.choice(names), rng.choice(columns)
        value = rows[name][columns.index(column)]
        wrong = rng.choice([other for other in values if other != value])
        question = f"{column} of {name}?"
        working = _line(name, *rows[name])
        return Puzzle(
            content=f"{columns} {sorted(rows.items())} {question}",  # the order of rows changes nothing
            prompt=f"{_markdown(columns, rows)}\n{question} Answer in \\boxed{{}}.",
            ground_truth=str(value),
            worked=f"{working} \\boxed{{{value}}}",
            guess=f"\\boxed{{{rng.choice(_VALUES)}}}",
            wrong=f"{working} \\boxed{{{wrong}}}",
        )


def _markdown(columns: list[str], rows: dict[str, list[int]]) -> str:
    lines = [_line("name", *columns), "|" + "---|" * (len(columns) + 1)]
    lines += [_line(name, *values) for name, values in rows.items()]
    return "\n".join(lines)


def _line(*cells: str | int) -> str:
    return f"| {' | '.join(map(str, cells))} |"
