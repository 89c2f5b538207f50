r"""Look one cell up in a small markdown table.

    | name | pet |        ->   | Ann | cat |
    |---|---|                  | Bob | owl | \boxed{owl}
    | Ann | cat |
    | Bob | owl |
    | Eve | hen |
    pet of Bob?

It is worked by reading the rows from the top until the name is the one asked for.

Level 1 has one column of words and three rows, 2 has numbers in it, 3 has two columns of numbers.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.task import Puzzle

_NAMES = ("Ann", "Bob", "Cal", "Dan", "Eve", "Fay", "Gus", "Ida")
_PETS = (
    *("ant", "bat", "bee", "cat", "cow", "dog", "eel", "elk", "emu", "fox"),
    *("hen", "hog", "owl", "pig", "ram", "rat", "yak"),
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
        names = rng.sample(_NAMES, 3)
        columns = ["pet"] if level == 1 else rng.sample(_COLUMNS, level - 1)
        vocabulary = _PETS if level == 1 else _NUMBERS
        values = rng.sample(vocabulary, len(names) * len(columns))
        rows = {name: values[i * len(columns) :][: len(columns)] for i, name in enumerate(names)}

        name, column = rng.choice(names), rng.choice(columns)
        value = rows[name][columns.index(column)]
        wrong = rng.choice([other for other in values if other != value])
        question = f"{column} of {name}?"
        working = "\n".join(_line(row, *rows[row]) for row in names[: names.index(name) + 1])
        return Puzzle(
            content=f"{columns} {sorted(rows.items())} {question}",  # the order of rows changes nothing
            prompt=f"{_markdown(columns, rows)}\n{question} Answer in \\boxed{{}}.",
            ground_truth=value,
            worked=f"{working} \\boxed{{{value}}}",
            guess=f"\\boxed{{{rng.choice(vocabulary)}}}",
            wrong=f"{working} \\boxed{{{wrong}}}",
        )


def _markdown(columns: list[str], rows: dict[str, list[str]]) -> str:
    lines = [_line("name", *columns), "|" + "---|" * (len(columns) + 1)]
    lines += [_line(name, *values) for name, values in rows.items()]
    return "\n".join(lines)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
