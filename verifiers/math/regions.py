r"""Sets of real numbers, however they are written, as pieces that can be compared one by one.

"x < -8 or x > 8"   "(-\infty,-8) \cup (8,\infty)"      ->  two intervals
"x \ne 1"           "\mathbb{R} \setminus \{1\}"        ->  two intervals
"x \ge -2 and x < 5"                                    ->  [-2, 5)
"all real numbers"  "\mathbb{R}"                        ->  (-\infty, \infty)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from verifiers.math.answers import REALS, parse_answer
from verifiers.math.errors import UndefinedError
from verifiers.math.labels import is_label
from verifiers.math.numeric import approximate
from verifiers.math.relations import as_interval
from verifiers.math.shapes import MINUS_INFINITY, PLUS_INFINITY, Answer, Group, Relation, Union, Value, Words
from verifiers.math.tree import Op, Symbol, symbols_of

_MINUS = frozenset({"\\setminus", "\\backslash", "-"})
_LINE = Group("(", (MINUS_INFINITY, PLUS_INFINITY), ")")
_BOUNDS: dict[tuple[str, ...], tuple[bool, bool]] = {
    ("<",): (True, False),
    ("<=",): (True, True),
    (">",): (False, False),
    (">=",): (False, True),
}
"""Whether a relation bounds from above, and whether the bound belongs to it."""


def is_region(answer: Answer) -> bool:
    """Whether an answer is written as a set of real numbers in a way that has others."""
    if isinstance(answer, Words):
        return answer.tokens[:1] == (REALS,)
    if isinstance(answer, Group):
        return not answer.opening and any(isinstance(item, Relation) for item in answer.items)
    return isinstance(answer, Union) or (
        isinstance(answer, Relation) and (_is_hole(answer) or _is_distance(answer))
    )


def pieces_of(answer: Answer) -> list[Group] | None:
    """The intervals and finite sets that a region is made of; None where it is not one."""
    if isinstance(answer, Union):
        return _joined(answer.parts)
    if isinstance(answer, Relation):
        return _of_relation(answer)
    if isinstance(answer, Words):
        return _of_reals(answer)
    if isinstance(answer, Group):
        if not answer.opening:
            return _overlap(answer.items) or _joined(answer.items)
        if _is_interval(answer) or answer.opening == "\\{":
            return [answer]
    return None


def _joined(parts: Sequence[Answer]) -> list[Group] | None:
    found: list[Group] = []
    for part in parts:
        pieces = pieces_of(part)
        if pieces is None:
            return None
        found += pieces
    return found


def _of_relation(relation: Relation) -> list[Group] | None:
    if _is_hole(relation):
        return _without(_LINE, [relation.sides[1]])
    if _is_distance(relation):
        return _within_distance(relation)
    interval = as_interval(relation)
    return None if interval is None else [interval]


def _is_hole(relation: Relation) -> bool:
    """`x \\ne 1`"""
    return relation.operators == ("!=",) and is_label(relation.side_tokens[0])


def _is_distance(relation: Relation) -> bool:
    """`|x| < 3`"""
    left = relation.sides[0]
    return (
        relation.operators in _BOUNDS
        and isinstance(left, Value)
        and isinstance(left.expression, Op)
        and left.expression.name == "abs"
        and isinstance(left.expression.operands[0], Symbol)
    )


def _within_distance(relation: Relation) -> list[Group] | None:
    limit = relation.sides[1]
    if not isinstance(limit, Value) or (_place(limit) or 0.0) <= 0:
        return None
    below, closed = _BOUNDS[relation.operators]
    minus = Value(Op("neg", (limit.expression,)))
    if below:
        return [Group("[" if closed else "(", (minus, limit), "]" if closed else ")")]
    left = Group("(", (MINUS_INFINITY, minus), "]" if closed else ")")
    return [left, Group("[" if closed else "(", (limit, PLUS_INFINITY), ")")]


def _of_reals(words: Words) -> list[Group] | None:
    r"""`\mathbb{R}`, alone or without a finite set."""
    if words.tokens[:1] != (REALS,):
        return None
    if len(words.tokens) == 1:
        return [_LINE]
    if words.tokens[1] not in _MINUS:
        return None
    missing = parse_answer(list(words.tokens[2:]))
    if not isinstance(missing, Group) or missing.opening != "\\{":
        return None
    return _without(_LINE, missing.items)


def _overlap(parts: Sequence[Answer]) -> list[Group] | None:
    """Conditions that are meant to hold together: `x >= -2` and `x < 5`, `x > -2` and `x \\ne 1`."""
    relations = [part for part in parts if isinstance(part, Relation)]
    holes = [relation.sides[1] for relation in relations if _is_hole(relation)]
    bounds = [as_interval(relation) for relation in relations if not _is_hole(relation)]
    if len(relations) != len(parts) or None in bounds:
        return None
    common = _intersection([bound for bound in bounds if bound is not None])
    return None if common is None else _without(common, holes)


def _intersection(bounds: list[Group]) -> Group | None:
    """Of one interval, or of two half-lines that overlap."""
    if len(bounds) < 2:
        return bounds[0] if bounds else _LINE
    lower = next((half for half in bounds if half.items[1] == PLUS_INFINITY), None)
    upper = next((half for half in bounds if half.items[0] == MINUS_INFINITY), None)
    if len(bounds) > 2 or lower is None or upper is None:
        return None
    start, end = _place(lower.items[0]), _place(upper.items[1])
    if start is None or end is None or start > end:
        return None
    return Group(lower.opening, (lower.items[0], upper.items[1]), upper.closing)


def _without(interval: Group, points: Sequence[Answer]) -> list[Group] | None:
    """The pieces of an interval between some points."""
    start, end = _place(interval.items[0]), _place(interval.items[1])
    places = {point: _place(point) for point in points}
    if start is None or end is None or None in places.values():
        return None
    inside = sorted(
        ((at, point) for point, at in places.items() if at is not None and start < at < end),
        key=lambda pair: pair[0],
    )
    ends = [interval.items[0], *(point for _, point in inside), interval.items[1]]
    pieces = [Group("(", pair, ")") for pair in pairwise(ends)]
    pieces[0] = Group(interval.opening, pieces[0].items, pieces[0].closing)
    pieces[-1] = Group(pieces[-1].opening, pieces[-1].items, interval.closing)
    return pieces


def _place(point: Answer) -> float | None:
    """Where a number stands on the line; None for what is no number."""
    if point in (MINUS_INFINITY, PLUS_INFINITY):
        return math.inf if point == PLUS_INFINITY else -math.inf
    if not isinstance(point, Value) or symbols_of(point.expression):
        return None
    try:
        return approximate(point.expression, {}).real
    except UndefinedError:
        return None


def _is_interval(group: Group) -> bool:
    return group.opening in ("(", "[") and group.closing in (")", "]") and len(group.items) == 2
