"""Put birds in a row from clues that leave one order, which z3 proves.

    owl, wren, crow in a row. The crow is beside the wren. ...   ->   <answer>["wren", "crow", "owl"]</answer>

The level sets the number of birds, level + 3; from level 2 on no clue names a position.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import tagged
from guru_data.synthetic.logic.clues import Clue, true_clues
from guru_data.synthetic.logic.uniqueness import enough_clues
from guru_data.synthetic.task import Puzzle

_BIRDS = (
    *("crane", "crow", "dove", "duck", "eagle", "falcon", "finch", "goose", "hawk", "heron", "kite", "lark"),
    *(
        "magpie",
        "owl",
        "parrot",
        "pigeon",
        "quail",
        "raven",
        "robin",
        "sparrow",
        "stork",
        "swan",
        "tern",
        "wren",
    ),
)
_WORDS = {
    "left_of": "The {} is somewhere to the left of the {}.",
    "next_left": "The {} is directly to the left of the {}.",
    "beside": "The {} is beside the {}.",
    "not_beside": "The {} is not beside the {}.",
}


class ArrangementTask:
    """Orders from left to right."""

    domain: ClassVar[Domain] = "logic"
    verifier: ClassVar[str] = "ordering"
    data_source: ClassVar[str] = "synthetic__arrangement"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        order = rng.sample(_BIRDS, level + 3)
        positions = {bird: at for at, bird in enumerate(order)}
        category = tuple(sorted(order))
        known = [clue for clue in true_clues((category,), positions) if level == 1 or clue.kind != "at"]
        rng.shuffle(known)
        clues = enough_clues((category,), positions, known)
        slipped = list(order)
        at = rng.randrange(len(order) - 1)
        slipped[at : at + 2] = [order[at + 1], order[at]]
        written = "\n".join(_written(clue) for clue in clues)
        return Puzzle(
            content=f"{sorted(map(_written, clues))}",
            prompt=f"{len(order)} birds sit in a row: {', '.join(category)}.\n{written}\n"
            "List them from left to right in <answer>, as a JSON list.",
            ground_truth=list(order),
            worked=f"{_numbered(order)} {tagged(list(order))}",
            guess=tagged(list(rng.sample(order, len(order)))),
            wrong=f"{_numbered(slipped)} {tagged(list(slipped))}",
        )


def _written(clue: Clue) -> str:
    if isinstance(clue.second, int):
        return f"The {clue.first} is number {clue.second + 1} from the left."
    return _WORDS[clue.kind].format(clue.first, clue.second)


def _numbered(order: list[str]) -> str:
    return " ".join(f"{at}:{bird}" for at, bird in enumerate(order, start=1))
