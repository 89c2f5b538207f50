"""Rules that turn one grid of colours into another, as in ARC.

    SHAPE_RULES move cells or repeat the grid, COLOUR_RULES change colours; both lists are complete, so
    that it can be checked which rules explain some examples.

A grid is a tuple of equally long rows of colours 0 to 6; 0 is the background.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, permutations

Row = tuple[int, ...]
Grid = tuple[Row, ...]

COLOURS = range(1, 7)


@dataclass(frozen=True)
class Rule:
    """A change with a name for it."""

    words: str
    apply: Callable[[Grid], Grid]


def then(first: Rule, second: Rule) -> Rule:
    """One rule after the other."""
    return Rule(f"{first.words}, then {second.words}", lambda grid: second.apply(first.apply(grid)))


def _mirrored(grid: Grid) -> Grid:
    return tuple(row[::-1] for row in grid)


def _upside_down(grid: Grid) -> Grid:
    return grid[::-1]


def _transposed(grid: Grid) -> Grid:
    return tuple(zip(*grid, strict=True))


def _fallen(row: Row) -> Row:
    """Coloured cells at the end."""
    coloured = tuple(cell for cell in row if cell)
    return (0,) * (len(row) - len(coloured)) + coloured


def _right(grid: Grid) -> Grid:
    return tuple(_fallen(row) for row in grid)


def _left(grid: Grid) -> Grid:
    return _mirrored(_right(_mirrored(grid)))


SHAPE_RULES = (
    Rule("mirror left and right", _mirrored),
    Rule("mirror top and bottom", _upside_down),
    Rule("transpose", _transposed),
    Rule("turn clockwise", lambda grid: _mirrored(_transposed(grid))),
    Rule("turn counter-clockwise", lambda grid: _transposed(_mirrored(grid))),
    Rule("turn half around", lambda grid: _mirrored(_upside_down(grid))),
    Rule(
        "move columns right by one, around the edge", lambda grid: tuple(row[-1:] + row[:-1] for row in grid)
    ),
    Rule("move columns left by one, around the edge", lambda grid: tuple(row[1:] + row[:1] for row in grid)),
    Rule("move rows down by one, around the edge", lambda grid: grid[-1:] + grid[:-1]),
    Rule("move rows up by one, around the edge", lambda grid: grid[1:] + grid[:1]),
    Rule("colours fall to the right", _right),
    Rule("colours fall to the left", _left),
    Rule("colours fall down", lambda grid: _transposed(_right(_transposed(grid)))),
    Rule("colours fall up", lambda grid: _transposed(_left(_transposed(grid)))),
    Rule("repeat to the right", lambda grid: tuple(row + row for row in grid)),
    Rule("repeat below", lambda grid: grid + grid),
    Rule("append the mirror image to the right", lambda grid: tuple(row + row[::-1] for row in grid)),
    Rule("append the mirror image below", lambda grid: grid + grid[::-1]),
)


def _recolour(mapping: dict[int, int], words: str) -> Rule:
    return Rule(words, lambda grid: tuple(tuple(mapping.get(cell, cell) for cell in row) for row in grid))


def _framed(colour: int) -> Rule:
    def apply(grid: Grid) -> Grid:
        edge = (colour,) * (len(grid[0]) + 2)
        return (edge, *((colour, *row, colour) for row in grid), edge)

    return Rule(f"frame with {colour}", apply)


COLOUR_RULES = (
    *(_recolour({old: new}, f"{old} becomes {new}") for old, new in permutations(COLOURS, 2)),
    *(_recolour({a: b, b: a}, f"{a} and {b} are exchanged") for a, b in combinations(COLOURS, 2)),
    *(_recolour({0: colour}, f"the background becomes {colour}") for colour in COLOURS),
    *(_recolour({colour: 0}, f"{colour} is removed") for colour in COLOURS),
    *(_framed(colour) for colour in COLOURS),
)
