"""The shapes that an answer can have: a value, several in some order, an interval, a relation, a matrix,
words."""

from __future__ import annotations

from dataclasses import dataclass

from verifiers.math.tree import INFINITY, Expression, Op


@dataclass(frozen=True)
class Value:
    """One expression, with the unit behind it where there is one; degrees are the unit `degree`."""

    expression: Expression
    unit: str = ""


@dataclass(frozen=True)
class Group:
    """Things in brackets: a tuple, an interval, a set. A list without brackets has empty ones."""

    opening: str
    items: tuple[Answer, ...]
    closing: str


@dataclass(frozen=True)
class Union:
    parts: tuple[Answer, ...]


@dataclass(frozen=True)
class Relation:
    """`sides[0] operators[0] sides[1] ...`; sides as tokens too, because a label need not be an
    expression."""

    operators: tuple[str, ...]
    sides: tuple[Answer, ...]
    side_tokens: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Matrix:
    rows: tuple[tuple[Answer, ...], ...]


@dataclass(frozen=True)
class Words:
    """Tokens that are no mathematics we read; `unevaluated` where an integral, sum or limit is among them."""

    tokens: tuple[str, ...]
    unevaluated: bool


Answer = Value | Group | Union | Relation | Matrix | Words

PLUS_INFINITY = Value(INFINITY)
MINUS_INFINITY = Value(Op("neg", (INFINITY,)))
