"""Zebra puzzles: who lives where with what, from clues that leave one answer, which z3 proves.

    3 houses; Name: ...; Pet: ... Ann lives next to the nurse. ...   ->   a table as JSON

Level 1 has three houses with two attributes, 2 three with three, 3 four with four. All cells must be right.
"""

from __future__ import annotations

import json
from random import Random
from typing import ClassVar

from pydantic import JsonValue

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import tagged
from guru_data.synthetic.logic.clues import Clue, Positions, true_clues
from guru_data.synthetic.logic.uniqueness import enough_clues
from guru_data.synthetic.task import Puzzle

_SIZES: dict[Level, tuple[int, int]] = {1: (3, 2), 2: (3, 3), 3: (4, 4)}
"""Houses and attributes."""
_ATTRIBUTES = {
    "Name": ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hana"),
    "Pet": ("cat", "dog", "fish", "goat", "hamster", "lizard", "rabbit", "turtle"),
    "Drink": ("cider", "cocoa", "coffee", "juice", "lemonade", "milk", "tea", "water"),
    "Job": ("baker", "chemist", "dentist", "farmer", "nurse", "painter", "pilot", "teacher"),
    "Sport": ("archery", "boxing", "chess", "golf", "judo", "rowing", "skiing", "tennis"),
}
_PHRASES = {
    "Name": "{}",
    "Pet": "the owner of the {}",
    "Drink": "the one who drinks {}",
    "Job": "the {}",
    "Sport": "the one whose sport is {}",
}
_PHRASE_OF = {value: _PHRASES[name].format(value) for name, values in _ATTRIBUTES.items() for value in values}
_WORDS = {
    "same": "{} lives in the same house as {}.",
    "apart": "{} does not live in the same house as {}.",
    "left_of": "{} lives somewhere to the left of {}.",
    "next_left": "{} lives directly to the left of {}.",
    "beside": "{} lives next to {}.",
    "not_beside": "{} lives neither next to {} nor in the same house.",
}


class ZebraTask:
    """Tables of houses and attributes."""

    domain: ClassVar[Domain] = "logic"
    verifier: ClassVar[str] = "zebra"
    data_source: ClassVar[str] = "synthetic__zebra"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        houses, width = _SIZES[level]
        header = rng.sample(sorted(_ATTRIBUTES), width)
        columns = [rng.sample(_ATTRIBUTES[name], houses) for name in header]
        positions = {item: at for column in columns for at, item in enumerate(column)}
        clues = _draw_clues(rng, columns, positions)
        at, other = rng.sample(range(houses), 2)
        slipped = [list(column) for column in columns]
        slipped[0][at], slipped[0][other] = columns[0][other], columns[0][at]
        values = "\n".join(f"{name}: {', '.join(sorted(c))}" for name, c in zip(header, columns, strict=True))
        written = [_written(clue) for clue in clues]
        shape = json.dumps({"header": ["Position", *header], "rows": "?"}).replace('"?"', "[...]")
        return Puzzle(
            content=f"{sorted(written)} {sorted(positions)}",
            prompt=f"{houses} houses stand in a row, numbered from the left. "
            f"In each lives one person, with one of each:\n{values}\n"
            + "\n".join(written)
            + f"\nAnswer in <answer> as {shape}, one row for each house.",
            ground_truth=_table(header, columns),
            worked=f"{_listed(columns)}\n{tagged(_table(header, columns))}",
            guess=tagged(_table(header, [rng.sample(column, houses) for column in columns])),
            wrong=f"{_listed(slipped)}\n{tagged(_table(header, slipped))}",
            extra={"exact": True},
        )


def _draw_clues(rng: Random, columns: list[list[str]], positions: Positions) -> list[Clue]:
    """Positions are named where nothing else helps, so that there is something to conclude."""
    categories = tuple(map(tuple, columns))
    known = list(true_clues(categories, positions))
    rng.shuffle(known)
    known.sort(key=lambda clue: clue.kind == "at")
    return enough_clues(categories, positions, known)


def _written(clue: Clue) -> str:
    first = _PHRASE_OF[clue.first]
    subject = first[0].upper() + first[1:]
    if isinstance(clue.second, int):
        return f"{subject} lives in house {clue.second + 1}."
    return _WORDS[clue.kind].format(subject, _PHRASE_OF[clue.second])


def _table(header: list[str], columns: list[list[str]]) -> JsonValue:
    rows = [[str(at), *cells] for at, cells in enumerate(zip(*columns, strict=True), start=1)]
    return {"header": ["Position", *header], "rows": [list(row) for row in rows]}


def _listed(columns: list[list[str]]) -> str:
    return "; ".join(f"{at}: {', '.join(c)}" for at, c in enumerate(zip(*columns, strict=True), start=1))
