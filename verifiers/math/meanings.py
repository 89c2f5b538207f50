r"""What an equation or inequality says the answer is.

x = 5          ->  5             2 + 2 = 4           ->  4
x <= 3         ->  (-oo, 3]      95/31 \approx 3.06  ->  95/31
m + n = 18     ->  18, where a number is asked for
"""

from __future__ import annotations

from verifiers.math.errors import UndefinedError
from verifiers.math.labels import is_label, is_sum_of_names
from verifiers.math.numeric import approximate
from verifiers.math.relations import as_interval
from verifiers.math.same_value import same_value
from verifiers.math.shapes import Answer, Relation, Value
from verifiers.math.tree import symbols_of

ROUNDING = 0.02
"""How far, relatively, what stands behind an approximately-equals sign may be from what stands before it."""


def is_solved(relation: Relation) -> bool:
    """`x = 3`, as opposed to the equation of a line."""
    value = named_value(relation)
    return isinstance(value, Value) and not symbols_of(value.expression)


def named_value(relation: Relation) -> Answer | None:
    first, *others = relation.operators
    if first not in ("=", "\\in", "\\equiv") or any(operator != "=" for operator in others):
        return None
    return relation.sides[-1] if is_label(relation.side_tokens[0]) else None


def meaning(relation: Relation) -> Answer | None:
    """What a relation says the answer is, when the other side has none: its named value, interval or computed
    result."""
    named = named_value(relation)
    if named is not None:
        return named
    if len(relation.sides) == 2 and relation.operators == ("=",) and is_label(relation.side_tokens[1]):
        return relation.sides[0]
    interval = as_interval(relation)
    return _computed(relation) if interval is None else interval


def total(relation: Relation) -> Value | None:
    """The number that `m + n = 7 + 11 = 18` ends in; None for an equation that is still to be solved."""
    *_, last = relation.sides
    if not all(operator == "=" for operator in relation.operators) or not isinstance(last, Value):
        return None
    if symbols_of(last.expression) or not is_sum_of_names(relation.side_tokens[0]):
        return None
    between = relation.sides[1:-1]
    agree = all(isinstance(side, Value) and same_value(last.expression, side.expression) for side in between)
    return last if agree else None


def _computed(relation: Relation) -> Answer | None:
    """`2 + 2 = 4` states 4 and `95/31 \\approx 3.06` states 95/31, if the sides are constants that agree."""
    sides = [side for side in relation.sides if isinstance(side, Value) and not symbols_of(side.expression)]
    if len(sides) != len(relation.sides):
        return None
    if all(operator == "=" for operator in relation.operators):
        return sides[-1] if all(same_value(sides[-1].expression, side.expression) for side in sides) else None
    if all(operator in ("=", "\\approx") for operator in relation.operators):
        return sides[0] if all(_is_near(sides[0], side) for side in sides) else None
    return None


def _is_near(value: Value, rounded: Value) -> bool:
    try:
        exact, near = approximate(value.expression, {}), approximate(rounded.expression, {})
    except UndefinedError:
        return False
    return abs(exact - near) <= ROUNDING * abs(exact)
