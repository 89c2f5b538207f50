r"""Sets of real numbers, however they are written, as pieces that can be compared one by one.

"x < -8 or x > 8"   "(-\infty,-8) \cup (8,\infty)"      ->  two intervals
"x \ne 1"           "\mathbb{R} \setminus \{1\}"        ->  two intervals
"x \ge -2 and x < 5"                                    ->  [-2, 5)
"all real numbers"  "\mathbb{R}"                        ->  (-\infty, \infty)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from verifiers.math.answers import REALS, Answer, Group, Relation, Union, Value, Words, parse_answer
from verifiers.math.errors import UndefinedError
from verifiers.math.labels import is_label
from verifiers.math.numeric import approximate
from verifiers.math.relations import MINUS_INFINITY, PLUS_INFINITY, as_interval
from verifiers.math.tree import symbols_of

_MINUS = frozenset({"\\setminus", "\\backslash", "-"})


def is_region(answer: Answer) -> bool:
    """Whether an answer is written as a set of real numbers in a way that has others."""
    if isinstance(answer, Words):
        return answer.tokens[:1] == (REALS,)
    if isinstance(answer, Group):
        return not answer.opening and any(isinstance(item, Relation) for item in answer.items)
    return isinstance(answer, Union) or (isinstance(answer, Relation) and "!=" in answer.operators)


def pieces_of(answer: Answer) -> list[Answer] | None:
    """The intervals and other sets that a region is made of; None where it is not one."""
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


def _joined(parts: Sequence[Answer]) -> list[Answer] | None:
    found: list[Answer] = []
    for part in parts:
        pieces = pieces_of(part)
        if pieces is None:
            return None
        found += pieces
    return found


def _of_relation(relation: Relation) -> list[Answer] | None:
    if relation.operators == ("!=",) and is_label(relation.side_tokens[0]):
        return _all_but([relation.sides[1]])
    interval = as_interval(relation)
    return None if interval is None else [interval]


def _of_reals(words: Words) -> list[Answer] | None:
    r"""`\mathbb{R}`, alone or without a finite set."""
    if words.tokens[:1] != (REALS,):
        return None
    if len(words.tokens) == 1:
        return _all_but([])
    if words.tokens[1] not in _MINUS:
        return None
    without = parse_answer(list(words.tokens[2:]))
    if not isinstance(without, Group) or without.opening != "\\{":
        return None
    return _all_but(list(without.items))


def _all_but(points: list[Answer]) -> list[Answer] | None:
    """The intervals between some points."""
    ordered = sorted(points, key=_place) if all(_place(point) is not None for point in points) else None
    if ordered is None:
        return None
    ends = [MINUS_INFINITY, *ordered, PLUS_INFINITY]
    return [Group("(", (left, right), ")") for left, right in pairwise(ends)]


def _place(point: Answer) -> float | None:
    """Where a number stands on the line; None for what is no number."""
    if not isinstance(point, Value) or symbols_of(point.expression):
        return None
    try:
        return approximate(point.expression, {}).real
    except UndefinedError:
        return None


def _overlap(parts: Sequence[Answer]) -> list[Answer] | None:
    """Two half-lines that overlap, `x >= -2` and `x < 5`, are meant as one interval."""
    halves = [as_interval(part) for part in parts if isinstance(part, Relation)]
    if len(parts) != 2 or len(halves) != 2 or halves[0] is None or halves[1] is None:
        return None
    lower = next((half for half in halves if half and half.items[1] == PLUS_INFINITY), None)
    upper = next((half for half in halves if half and half.items[0] == MINUS_INFINITY), None)
    if lower is None or upper is None:
        return None
    start, end = _place(lower.items[0]), _place(upper.items[1])
    if start is None or end is None or start > end:
        return None
    return [Group(lower.opening, (lower.items[0], upper.items[1]), upper.closing)]


def _is_interval(group: Group) -> bool:
    return group.opening in ("(", "[") and group.closing in (")", "]") and len(group.items) == 2
