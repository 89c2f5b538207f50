r"""Look one cell up in a small markdown table.

    | day | lunch |        ->   | Tue | soup | \boxed{soup}
    |---|---|
    | Mon | rice |
    | Tue | soup |
    | Wed | fish |
    lunch on Tue?

Level 1 has three days and one column of words, 2 any three names and one column of numbers, 3 two
such columns.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.table.markdown import line, markdown
from guru_data.synthetic.task import Puzzle

_NAMES = ("Ann", "Bob", "Cal", "Dan", "Eve", "Fay", "Gus", "Ida")
_DAYS = ("Mon", "Tue", "Wed")
_DISHES = (
    *("bean", "beef", "cake", "corn", "duck", "eggs", "fish", "lamb", "leek"),
    *("meat", "pear", "plum", "pork", "rice", "soup", "stew", "tuna", "yams"),
)
_COLUMNS = ("age", "size", "rank", "cost")
_NUMBERS = tuple(map(str, range(10, 100)))


class LookupTask:
    """One cell, asked for by row and column name."""

    domain: ClassVar[Domain] = "table"
    verifier: ClassVar[str] = "table"
    data_source: ClassVar[str] = "synthetic__lookup"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        names = list(_DAYS) if level == 1 else rng.sample(_NAMES, 3)
        columns = ["lunch"] if level == 1 else rng.sample(_COLUMNS, level - 1)
        vocabulary = _DISHES if level == 1 else _NUMBERS
        values = rng.sample(vocabulary, len(names) * len(columns))
        rows = {name: values[i * len(columns) :][: len(columns)] for i, name in enumerate(names)}

        name, column = rng.choice(names), rng.choice(columns)
        value = rows[name][columns.index(column)]
        wrong = rng.choice([other for other in values if other != value])
        question = f"{column} {'on' if level == 1 else 'of'} {name}?"
        cells = [(key, *row) for key, row in rows.items()]
        table = markdown(("day" if level == 1 else "name", *columns), cells)
        working = line((name, *rows[name]))
        return Puzzle(
            content=f"{columns} {sorted(rows.items())} {question}",  # the order of rows changes nothing
            prompt=f"{table}\n{question} Answer in \\boxed{{}}.",
            ground_truth=value,
            worked=f"{working} \\boxed{{{value}}}",
            guess=f"\\boxed{{{rng.choice(vocabulary)}}}",
            wrong=f"{working} \\boxed{{{wrong}}}",
        )
