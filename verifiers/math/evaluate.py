"""Give an expression a value: exactly where it is rational, else as a floating-point number.

    exact(Div(1, 2))            -> Fraction(1, 2)
    approximate(sqrt(2), {})    -> (1.4142135623730951+0j)
    precise(sqrt(2), {}, 50)    -> the same to 50 digits

Sizes are checked before anything is computed, so no answer can make this slow: 9^(9^9) is an
`OverBudgetError`, not a computation. Floating point only ever shows that two expressions differ; that they
are equal takes the exact or the precise value.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from verifiers.math.errors import OverBudgetError, UndefinedError, UnreadableError
from verifiers.math.expressions import IMAGINARY, PI, E, Expression, Number, Symbol

MAX_BITS = 120_000
"""Largest numerator or denominator; 5000! has 54,000 bits."""
MAX_FACTORIAL = 5_000


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
    return _checked(operation(*(exact(operand, values) for operand in expression.operands)))


def _checked(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
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
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (0, 1, -1) and bits * abs(exponent.numerator) > MAX_BITS:
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


def approximate(expression: Expression, values: Mapping[str, Fraction]) -> complex:
    """A double-precision value.

    Raises:
        UndefinedError: it has none there, or none that a double can hold.
        UnreadableError: an operation without numbers.
    """
    try:
        result = complex(_evaluate(expression, values, _FLOATS))
    except (ZeroDivisionError, ValueError, OverflowError, TypeError) as error:
        raise UndefinedError(str(error)) from error
    if cmath.isnan(result) or cmath.isinf(result):
        raise UndefinedError("not a finite number")
    return result


def precise(expression: Expression, values: Mapping[str, Fraction], digits: int) -> Any:
    """The value to `digits` digits, as an mpmath number.

    Raises:
        UndefinedError, UnreadableError: as `approximate`.
    """
    context, table = _mp_table()
    context.dps = digits
    try:
        result = _evaluate(expression, values, table)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError) as error:
        raise UndefinedError(str(error)) from error
    if not context.isfinite(result):
        raise UndefinedError("not a finite number")
    return result


def _evaluate(expression: Expression, values: Mapping[str, Fraction], table: Mapping[str, Any]) -> Any:
    if isinstance(expression, Number):
        return table["number"](expression.value)
    if isinstance(expression, Symbol):
        if expression.name in values:
            return table["number"](values[expression.name])
        if expression in (PI, E, IMAGINARY):
            return table[expression.name]()
        raise UndefinedError(f"{expression.name} has no value")
    operation = table.get(expression.name)
    if operation is None:
        raise UnreadableError(f"no numbers for {expression.name}")
    operands = [_evaluate(operand, values, table) for operand in expression.operands]
    if expression.name == "pow":
        _check_power(operands[0], operands[1])
    return operation(*operands)


def _check_power(base: Any, exponent: Any) -> None:
    """A power whose value no double holds is not computed to any precision either."""
    size = abs(exponent) * abs(math.log(max(float(abs(base)), 1e-300)))
    if size > 100_000:
        raise OverBudgetError("a power too large to be computed")


def _real(operation: Callable[[float], float]) -> Callable[[complex], complex]:
    def checked(value: complex) -> complex:
        if abs(value.imag) > 1e-12:
            raise UndefinedError("not a real number")
        return complex(operation(value.real))

    return checked


def _float_power(base: complex, exponent: complex) -> complex:
    if base == 0:
        if exponent.real > 0:
            return 0j
        raise UndefinedError("zero to a power that is not positive")
    if exponent.imag == 0 and exponent.real == int(exponent.real) and abs(exponent.real) < 1e4:
        return base ** int(exponent.real)
    return base**exponent


def _real_root(value: complex, index: complex) -> complex:
    """The real root of a negative number where the index is odd, as answers mean it."""
    if value.imag == 0 and value.real < 0 and index.imag == 0 and index.real % 2 == 1:
        return complex(-((-value.real) ** (1 / index.real)))
    return _float_power(value, 1 / index)


_FLOATS: dict[str, Any] = {
    "number": lambda value: complex(value), "\\pi": lambda: complex(math.pi), "e": lambda: complex(math.e),
    "i": lambda: 1j, "add": lambda a, b: a + b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "neg": lambda a: -a, "percent": lambda a: a / 100, "degrees": lambda a: a * math.pi / 180,
    "pow": _float_power, "abs": lambda a: complex(abs(a)), "sqrt": cmath.sqrt, "root": _real_root,
    "exp": cmath.exp, "ln": cmath.log, "lg": cmath.log10,
    "log": lambda a, base=math.e: cmath.log(a) / cmath.log(base), "sin": cmath.sin, "cos": cmath.cos,
    "tan": cmath.tan, "sec": lambda a: 1 / cmath.cos(a), "csc": lambda a: 1 / cmath.sin(a),
    "cot": lambda a: 1 / cmath.tan(a), "arcsin": cmath.asin, "arccos": cmath.acos, "arctan": cmath.atan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "coth": lambda a: 1 / cmath.tanh(a),
    "arcsinh": cmath.asinh, "arccosh": cmath.acosh, "arctanh": cmath.atanh, "floor": _real(math.floor),
    "ceil": _real(math.ceil), "factorial": _real(lambda a: math.gamma(a + 1)),
    "binom": lambda n, k: _FLOATS["factorial"](n) / (_FLOATS["factorial"](k) * _FLOATS["factorial"](n - k)),
    "mod": lambda a, b: complex(a.real % b.real),
}  # fmt: skip


@cache
def _mp_table() -> tuple[Any, dict[str, Any]]:
    """The same operations in a context of our own, so that nobody else's precision is touched."""
    import mpmath

    mp = mpmath.MPContext()
    table: dict[str, Any] = {
        "number": lambda value: mp.mpf(value.numerator) / value.denominator, "\\pi": lambda: +mp.pi,
        "e": lambda: +mp.e, "i": lambda: mp.mpc(0, 1), "add": lambda a, b: a + b,
        "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "neg": lambda a: -a,
        "percent": lambda a: a / 100, "degrees": mp.radians, "pow": mp.power, "abs": abs, "sqrt": mp.sqrt,
        "root": lambda a, n: _mp_real_root(mp, a, n),
        "ln": mp.ln, "lg": mp.log10, "log": lambda a, base=mp.e: mp.ln(a) / mp.ln(base), "exp": mp.exp,
        "sec": mp.sec, "csc": mp.csc, "cot": mp.cot, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
        "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan, "sinh": mp.sinh, "cosh": mp.cosh,
        "tanh": mp.tanh, "coth": mp.coth, "arcsinh": mp.asinh, "arccosh": mp.acosh, "arctanh": mp.atanh,
        "floor": mp.floor, "ceil": mp.ceil, "factorial": mp.factorial, "binom": mp.binomial,
        "mod": lambda a, b: a % b,
    }  # fmt: skip
    return mp, table


def _mp_real_root(mp: Any, value: Any, index: Any) -> Any:
    """As `_real_root`."""
    if mp.im(value) == 0 and mp.im(index) == 0 and mp.re(value) < 0 and mp.re(index) % 2 == 1:
        return -mp.power(-value, 1 / index)
    return mp.power(value, 1 / index)
