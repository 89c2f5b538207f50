"""The exact value of an expression, where it is rational.

    exact(Div(1, 2)) -> Fraction(1, 2)

Sizes are checked before anything is computed, so no answer can make this slow: 9^(9^9) is an
`OverBudgetError`, not a computation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from verifiers.math.errors import OverBudgetError, UndefinedError
from verifiers.math.tree import Expression, Number, Symbol
from verifiers.math.work import spend

MAX_BITS = 120_000
"""Largest numerator or denominator; 5000! has 54,000 bits."""
MAX_FACTORIAL = 5_000
BITS_OF_WORK = 1_000
"""An operation on so many bits costs about two on small numbers, and from there on the square of its size."""


class NotRationalError(Exception):
    """The value is not rational, or a symbol has none. Stays inside `exact`'s callers."""


def exact(expression: Expression, values: Mapping[str, Fraction] | None = None) -> Fraction:
    """The exact rational value.

    Raises:
        NotRationalError, UndefinedError, OverBudgetError.
    """
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Symbol):
        if values is None or expression.name not in values:
            raise NotRationalError
        return values[expression.name]
    if expression.name in ("neg", "percent"):
        value = exact(expression.operands[0], values)
        return -value if expression.name == "neg" else value / 100
    operation = _EXACT.get(expression.name)
    if operation is None:
        raise NotRationalError
    operands = [exact(operand, values) for operand in expression.operands]
    value = operation(*operands)
    spend(1 + (max(map(_bits, (value, *operands))) // BITS_OF_WORK) ** 2)
    return _checked(value)


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _checked(value: Fraction) -> Fraction:
    if _bits(value) > MAX_BITS:
        raise OverBudgetError("a number too large to be computed")
    return value


def _divide(a: Fraction, b: Fraction) -> Fraction:
    if b == 0:
        raise UndefinedError("division by zero")
    return a / b


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        return _exact_root(base, exponent)
    if base == 0 and exponent < 0:
        raise UndefinedError("division by zero")
    if base not in (0, 1, -1) and _bits(base) * abs(exponent.numerator) > MAX_BITS:
        raise OverBudgetError("a power too large to be computed")
    if base in (0, 1, -1):
        return Fraction(1) if exponent == 0 or base == 1 or (base == -1 and exponent % 2 == 0) else base
    return base**exponent.numerator


def _exact_root(base: Fraction, exponent: Fraction) -> Fraction:
    """4^(1/2), 8^(2/3): exact where the root is; a negative base has no real principal root."""
    index = exponent.denominator
    if base < 0 or index > 64:
        raise NotRationalError
    numerator, denominator = _integer_root(base.numerator, index), _integer_root(base.denominator, index)
    return _power(Fraction(numerator, denominator), Fraction(exponent.numerator))


def _integer_root(value: int, index: int) -> int:
    if value.bit_length() > 2_000:
        raise NotRationalError
    if index == 2:
        root = math.isqrt(value)
    else:
        root = round(value ** (1.0 / index)) if value.bit_length() < 900 else 0
    if root**index != value:
        raise NotRationalError
    return root


def _factorial(n: Fraction) -> Fraction:
    if n.denominator != 1 or n < 0:
        raise NotRationalError
    if n > MAX_FACTORIAL:
        raise OverBudgetError("a factorial too large to be computed")
    return Fraction(math.factorial(n.numerator))


def _binomial(n: Fraction, k: Fraction) -> Fraction:
    if n.denominator != 1 or k.denominator != 1 or n < 0 or k < 0:
        raise NotRationalError
    if n > MAX_FACTORIAL:
        raise OverBudgetError("a binomial too large to be computed")
    return Fraction(math.comb(n.numerator, k.numerator))


def _modulo(a: Fraction, b: Fraction) -> Fraction:
    if b == 0:
        raise UndefinedError("modulo zero")
    return a % b


def _integers(operation: Callable[..., int]) -> Callable[..., Fraction]:
    def checked(*operands: Fraction) -> Fraction:
        if any(operand.denominator != 1 for operand in operands):
            raise NotRationalError
        return Fraction(operation(*(operand.numerator for operand in operands)))

    return checked


_EXACT: dict[str, Callable[..., Fraction]] = {
    "add": lambda a, b: a + b, "mul": lambda a, b: a * b, "div": _divide, "pow": _power, "abs": abs,
    "sqrt": lambda a: _exact_root(a, Fraction(1, 2)),
    "root": lambda a, n: _power(a, _divide(Fraction(1), n)), "factorial": _factorial, "binom": _binomial,
    "mod": _modulo, "floor": lambda a: Fraction(math.floor(a)), "ceil": lambda a: Fraction(math.ceil(a)),
    "min": min, "max": max, "gcd": _integers(math.gcd), "lcm": _integers(math.lcm),
}  # fmt: skip
