"""Equations and inequalities: as intervals, and up to a factor.

0 < x <= 3      is  (0, 3]
-x >= -1        is  x <= 1
3x - y = 1      is  6x - 2y = 2
"""

from __future__ import annotations

import cmath
from fractions import Fraction

from verifiers.math.labels import is_label
from verifiers.math.same_value import approximate_at_samples, same_value
from verifiers.math.shapes import MINUS_INFINITY, PLUS_INFINITY, Answer, Group, Relation, Value
from verifiers.math.tree import Expression, Number, Op, symbols_of

_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_FACTOR_TOLERANCE = 1e-9


def as_interval(relation: Relation) -> Group | None:
    """The interval that an inequality says its label lies in; None for other relations."""
    operators, sides = relation.operators, relation.sides
    if operators[0] in (">", ">="):
        operators, sides = tuple(_FLIPPED.get(op, op) for op in reversed(operators)), sides[::-1]
        tokens = relation.side_tokens[::-1]
    else:
        tokens = relation.side_tokens
    if not all(op in ("<", "<=") for op in operators):
        return None
    if len(sides) == 3 and is_label(tokens[1]):
        opening = "[" if operators[0] == "<=" else "("
        return Group(opening, (sides[0], sides[2]), "]" if operators[1] == "<=" else ")")
    if len(sides) == 2 and is_label(tokens[0]):
        return Group("(", (MINUS_INFINITY, sides[1]), "]" if operators[0] == "<=" else ")")
    if len(sides) == 2 and is_label(tokens[1]):
        return Group("[" if operators[0] == "<=" else "(", (sides[0], PLUS_INFINITY), ")")
    return None


def same_relation(reference: Relation, answer: Relation) -> bool:
    """Whether two relations say the same: side by side, in reverse, or as single relations up to a factor."""
    if len(reference.sides) != len(answer.sides):
        return False
    reverse = tuple(_FLIPPED.get(op, op) for op in reversed(answer.operators))
    for operators, sides in ((answer.operators, answer.sides), (reverse, answer.sides[::-1])):
        if operators == reference.operators and all(map(_same_side, reference.sides, sides)):
            return True
    return len(reference.sides) == 2 and _same_up_to_factor(reference, answer)


def _same_side(reference: Answer, answer: Answer) -> bool:
    if isinstance(reference, Value) and isinstance(answer, Value):
        return reference.unit == answer.unit and same_value(reference.expression, answer.expression)
    return reference == answer


def _same_up_to_factor(reference: Relation, answer: Relation) -> bool:
    wanted, given = _difference(reference), _difference(answer)
    if wanted is None or given is None or not symbols_of(wanted) or symbols_of(wanted) != symbols_of(given):
        return False
    factor = _constant_factor(wanted, given)
    if factor is None:
        return False
    operator = answer.operators[0]
    return reference.operators[0] == (operator if factor > 0 else _FLIPPED.get(operator, operator)) or (
        reference.operators[0] == operator and operator in ("=", "!=")
    )


def _difference(relation: Relation) -> Expression | None:
    left, right = relation.sides
    if not isinstance(left, Value) or not isinstance(right, Value) or relation.operators[0] not in _FLIPPED:
        return None
    return Op("add", (left.expression, Op("neg", (right.expression,))))


def _constant_factor(wanted: Expression, given: Expression) -> float | None:
    """given / wanted where that is the same number everywhere, else None."""
    factors = []
    for a, b in approximate_at_samples(wanted, given):
        if abs(a) < 1e-12 or abs(b) < 1e-12:
            return None
        factors.append(b / a)
    if len(factors) < 2:
        return None
    first = factors[0]
    if not cmath.isfinite(first) or abs(first.imag) > _FACTOR_TOLERANCE * abs(first):
        return None
    if any(abs(factor - first) > _FACTOR_TOLERANCE * abs(first) for factor in factors):
        return None
    scaled = Op("mul", (wanted, Number(Fraction(first.real).limit_denominator(10**6))))
    return first.real if same_value(scaled, given) else None
