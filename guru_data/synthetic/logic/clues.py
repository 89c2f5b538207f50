"""Clues about who stands where, in a row of positions from left to right.

    Clue("left_of", "owl", "wren")   holds in {"owl": 0, "wren": 2}   "the owl is left of the wren"

An item is a name; items of one category (birds, drinks) stand at different positions. What a clue means to
z3 is written a second time in `uniqueness`, so that each can be tested by the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Literal

Kind = Literal["at", "same", "apart", "left_of", "next_left", "beside", "not_beside"]
Categories = tuple[tuple[str, ...], ...]
Positions = Mapping[str, int]
"""From 0, by item."""


@dataclass(frozen=True)
class Clue:
    """A relation of an item to another one, or to a position where the kind is `at`."""

    kind: Kind
    first: str
    second: str | int

    def holds(self, positions: Positions) -> bool:
        """Whether it is true of an arrangement."""
        place = positions[self.first]
        other = positions[self.second] if isinstance(self.second, str) else self.second
        match self.kind:
            case "at" | "same":
                return place == other
            case "apart":
                return place != other
            case "left_of":
                return place < other
            case "next_left":
                return place + 1 == other
            case "beside":
                return abs(place - other) == 1
            case "not_beside":
                return abs(place - other) > 1


def true_clues(categories: Categories, positions: Positions) -> Iterator[Clue]:
    """Everything that can be said of an arrangement, about one category or two."""
    items = [item for category in categories for item in category]
    category_of = {item: at for at, category in enumerate(categories) for item in category}
    for item in items:
        yield Clue("at", item, positions[item])
    for first, second in combinations(items, 2):
        kinds: tuple[Kind, ...] = ("beside", "not_beside")
        if category_of[first] != category_of[second]:
            kinds += ("same", "apart")
        for kind in kinds:
            if (clue := Clue(kind, first, second)).holds(positions):
                yield clue
    ordered: tuple[Kind, ...] = ("left_of", "next_left")
    for first, second in permutations(items, 2):
        for kind in ordered:
            if (clue := Clue(kind, first, second)).holds(positions):
                yield clue
