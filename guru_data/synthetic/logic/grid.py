"""Find the rule that turns grids into others, and use it once more: small ARC tasks.

    [[1, 0], [0, 2]] -> [[0, 1], [2, 0]] ... [[3, 3], [0, 1]] -> ?   ->   <answer>[[3, 3], [1, 0]]</answer>

Level 1 has rules of shape, 2 of colour as well and larger grids, 3 one of shape followed by one of colour.
Every rule of the level that explains the examples gives the same answer.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import ClassVar

from pydantic import JsonValue

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import tagged
from guru_data.synthetic.logic.grids import COLOUR_RULES, COLOURS, SHAPE_RULES, Grid, Rule, then
from guru_data.synthetic.task import Puzzle

_EXAMPLES = 3
_SIDES: dict[Level, range] = {1: range(2, 4), 2: range(3, 5), 3: range(2, 4)}


class GridTask:
    """The output grid for one more input."""

    domain: ClassVar[Domain] = "logic"
    verifier: ClassVar[str] = "arc"
    data_source: ClassVar[str] = "synthetic__grid"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        rule, given, asked = _draw_examples(rng, level)
        output = rule.apply(asked)
        shown = [f"{_rows(grid)} -> {_rows(rule.apply(grid))}" for grid in given]
        return Puzzle(
            content=f"{sorted(shown)} {asked}",
            prompt="One rule turns each grid into another:\n"
            + "\n".join(shown)
            + f"\n{_rows(asked)} -> ?\nAnswer with the grid in <answer>.",
            ground_truth=_rows(output),
            worked=f"{rule.words} {tagged(_rows(output))}",
            guess=tagged(_rows(rng.choice(rules_of(level)).apply(asked))),
            wrong=f"{rule.words} {tagged(_rows(_slipped(rng, output)))}",
        )


@cache
def rules_of(level: Level) -> tuple[Rule, ...]:
    """Everything that may be the rule at a level."""
    if level == 1:
        return SHAPE_RULES
    if level == 2:
        return (*SHAPE_RULES, *COLOUR_RULES)
    return tuple(then(shape, colour) for shape in SHAPE_RULES for colour in COLOUR_RULES)


def _draw_examples(rng: Random, level: Level) -> tuple[Rule, tuple[Grid, ...], Grid]:
    """A rule, inputs that show it, and the input that is asked about."""
    while True:
        rule = rng.choice(rules_of(level))
        *given, asked = grids = [_draw_grid(rng, level) for _ in range(_EXAMPLES + 1)]
        if len(set(grids)) == len(grids) and all(rule.apply(grid) != grid for grid in grids):
            explaining = [
                other
                for other in rules_of(level)
                if all(other.apply(grid) == rule.apply(grid) for grid in given)
            ]
            if len({other.apply(asked) for other in explaining}) == 1:
                return rule, tuple(given), asked


def _draw_grid(rng: Random, level: Level) -> Grid:
    height, width = rng.choice(_SIDES[level]), rng.choice(_SIDES[level])
    return tuple(
        tuple(0 if rng.random() < 0.4 else rng.choice(COLOURS) for _ in range(width)) for _ in range(height)
    )


def _slipped(rng: Random, grid: Grid) -> Grid:
    """One cell in another colour."""
    at, place = rng.randrange(len(grid)), rng.randrange(len(grid[0]))
    row = list(grid[at])
    row[place] = rng.choice([colour for colour in COLOURS if colour != row[place]])
    return (*grid[:at], tuple(row), *grid[at + 1 :])


def _rows(grid: Grid) -> JsonValue:
    return [list(row) for row in grid]
