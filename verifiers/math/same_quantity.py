"""Whether two values with their units are equal: 12 cm are 120 mm, 180 degrees are pi, 12 apples are 12."""

from __future__ import annotations

from fractions import Fraction

from verifiers.math.same_value import same_value
from verifiers.math.shapes import Value
from verifiers.math.tree import INFINITY, PI, Expression, Number, Op, Symbol, symbols_of, walk
from verifiers.math.unit_words import may_be_left_out
from verifiers.si_units import read_si_unit


def same_quantity(reference: Value, answer: Value) -> bool:
    """Whether the answer equals the reference; a unit may be left out, but where both have one they agree.

    Raises:
        UnreadableError, OverBudgetError: as `same_value`.
    """
    reference, answer = _in_symbols(reference, answer), _in_symbols(answer, reference)
    if reference.unit and answer.unit and reference.unit != answer.unit:
        return _same_in_base_units(reference, answer)
    if not reference.unit and not may_be_left_out(answer.unit):
        return False
    infinite = [_infinity_sign(value.expression) for value in (reference, answer)]
    if any(infinite):
        return infinite[0] == infinite[1]
    if same_value(reference.expression, answer.expression):
        return True
    in_radians = [_in_radians(*pair) for pair in ((reference, answer), (answer, reference))]
    return any(in_radians) and same_value(
        in_radians[0] or reference.expression, in_radians[1] or answer.expression
    )


def _in_radians(angle: Value, other: Value) -> Expression | None:
    """An angle in degrees beside one in radians, which shows by its pi."""
    if angle.unit != "degree" or other.unit or PI not in walk(other.expression):
        return None
    return Op("degrees", (angle.expression,))


def _in_symbols(value: Value, other: Value) -> Value:
    """`5 m/s` without any markup reads as a product of symbols; a value that is to be compared with one has
    the symbols of its unit multiplied to it."""
    powers = [part.partition("^") for part in value.unit.split()]
    names = {name for name, _, _ in powers}
    if (
        other.unit
        or not names
        or any(len(name) > 1 for name in names)
        or symbols_of(other.expression) != names
    ):
        return value
    product = value.expression
    for name, _, power in powers:
        factor = Op("pow", (Symbol(name), Number(Fraction(power or 1))))
        product = Op("mul", (product, factor))
    return Value(product)


def _same_in_base_units(reference: Value, answer: Value) -> bool:
    """Two units of the SI for the same thing: 12 cm are 120 mm."""
    wanted, given = read_si_unit(reference.unit), read_si_unit(answer.unit)
    if wanted is None or given is None or wanted.powers != given.powers:
        return False
    in_base = [
        Op("mul", (value.expression, Number(unit.factor)))
        for value, unit in ((reference, wanted), (answer, given))
    ]
    return same_value(*in_base)


def _infinity_sign(expression: Expression) -> int:
    sign = 1
    while isinstance(expression, Op) and expression.name == "neg":
        sign, expression = -sign, expression.operands[0]
    return sign if expression == INFINITY else 0
