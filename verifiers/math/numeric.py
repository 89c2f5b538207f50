"""The value of an expression as a floating-point number, quickly or to any precision.

    approximate(sqrt(2), {})    -> (1.4142135623730951+0j)
    precise(sqrt(2), {}, 50)    -> the same to 50 digits, and 0

Doubles only ever show that two expressions differ; that they are equal takes the exact or the precise value,
which comes with how far apart the sizes of added terms were: 1 - e^(-200) needs 87 digits to differ from 1.
A power that no double holds is not computed at all.
"""

from __future__ import annotations

import cmath
import math
import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from verifiers.math.errors import OverBudgetError, UndefinedError, UnreadableError
from verifiers.math.tree import IMAGINARY, PI, E, Expression, Number, Symbol
from verifiers.math.work import spend


def approximate(expression: Expression, values: Mapping[str, Fraction]) -> complex:
    """A double-precision value.

    Raises:
        UndefinedError: it has none there, or none that a double can hold.
        UnreadableError: an operation without numbers.
    """
    try:
        result = complex(_evaluate(expression, values, _FLOATS, work=1))
        size = abs(result)  # overflows where both parts are near the largest double
    except (ZeroDivisionError, ValueError, OverflowError, TypeError) as error:
        raise UndefinedError(str(error)) from error
    if not math.isfinite(size):
        raise UndefinedError("not a finite number")
    return result


def is_real_throughout(expression: Expression, values: Mapping[str, Fraction]) -> bool:
    """Whether no root or logarithm in it is taken of a negative number there: then the usual laws hold."""
    try:
        _evaluate(expression, values, _REALS, work=1)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError, UndefinedError):
        return False
    return True


def precise(expression: Expression, values: Mapping[str, Fraction], digits: int) -> tuple[Any, int]:
    """The value to `digits` digits, as an mpmath number, and by how many digits the most unequal of the terms
    that were added up differ in size.

    Raises:
        UndefinedError, UnreadableError: as `approximate`.
    """
    context, table = _mp_table()
    context.dps, context.widest_gap_bits = digits, 0
    try:
        result = _evaluate(expression, values, table, work=10 + (digits // 100) ** 2)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError) as error:
        raise UndefinedError(str(error)) from error
    if not context.isfinite(result):
        raise UndefinedError("not a finite number")
    return result, int(context.widest_gap_bits * math.log10(2))


def _evaluate(
    expression: Expression, values: Mapping[str, Fraction], table: Mapping[str, Any], *, work: int
) -> Any:
    spend(work)
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
    operands = [_evaluate(operand, values, table, work=work) for operand in expression.operands]
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


def _real_of_two(operation: Callable[[float, float], float]) -> Callable[[complex, complex], complex]:
    def checked(a: complex, b: complex) -> complex:
        if abs(a.imag) > 1e-12 or abs(b.imag) > 1e-12:
            raise UndefinedError("not real numbers")
        return complex(operation(a.real, b.real))

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
    "neg": lambda a: 0 - a, "percent": lambda a: a / 100, "degrees": lambda a: a * math.pi / 180,
    "pow": _float_power, "abs": lambda a: complex(abs(a)), "sqrt": cmath.sqrt, "root": _real_root,
    "exp": cmath.exp, "ln": cmath.log, "lg": cmath.log10,
    "log": lambda a, base=math.e: cmath.log(a) / cmath.log(base), "sin": cmath.sin, "cos": cmath.cos,
    "tan": cmath.tan, "sec": lambda a: 1 / cmath.cos(a), "csc": lambda a: 1 / cmath.sin(a),
    "cot": lambda a: 1 / cmath.tan(a), "arcsin": cmath.asin, "arccos": cmath.acos, "arctan": cmath.atan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "coth": lambda a: 1 / cmath.tanh(a),
    "arcsinh": cmath.asinh, "arccosh": cmath.acosh, "arctanh": cmath.atanh, "floor": _real(math.floor),
    "ceil": _real(math.ceil), "min": _real_of_two(min), "max": _real_of_two(max),
    "factorial": _real(lambda a: math.gamma(a + 1)),
    "binom": lambda n, k: _FLOATS["factorial"](n) / (_FLOATS["factorial"](k) * _FLOATS["factorial"](n - k)),
    "mod": lambda a, b: complex(a.real % b.real), "conjugate": lambda a: a.conjugate(),
}  # fmt: skip


def _of_positive(name: str) -> Callable[..., complex]:
    def checked(value: complex, *others: complex) -> complex:
        if value.imag or value.real < 0:
            raise UndefinedError(f"{name} of something that is not positive")
        return _FLOATS[name](value, *others)

    return checked


def _real_power(base: complex, exponent: complex) -> complex:
    if base.imag or (base.real < 0 and exponent.real != int(exponent.real)):
        raise UndefinedError("a broken power of something that is not positive")
    return _float_power(base, exponent)


_REALS = _FLOATS | {name: _of_positive(name) for name in ("sqrt", "ln", "lg", "log")} | {"pow": _real_power}

_THREAD = threading.local()


def _mp_table() -> tuple[Any, dict[str, Any]]:
    """The same operations in a context of this thread's own: its precision is changed while it is used."""
    if not hasattr(_THREAD, "mp_table"):
        _THREAD.mp_table = _make_mp_table()
    return _THREAD.mp_table


def _make_mp_table() -> tuple[Any, dict[str, Any]]:
    import mpmath

    mp = mpmath.MPContext()

    def add(a: Any, b: Any) -> Any:
        if a and b:
            mp.widest_gap_bits = max(mp.widest_gap_bits, abs(int(mp.mag(a)) - int(mp.mag(b))))
        return a + b

    table: dict[str, Any] = {
        "number": lambda value: mp.mpf(value.numerator) / value.denominator, "\\pi": lambda: +mp.pi,
        "e": lambda: +mp.e, "i": lambda: mp.mpc(0, 1), "add": add,
        "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "neg": lambda a: -a,
        "percent": lambda a: a / 100, "degrees": mp.radians, "pow": mp.power, "abs": abs, "sqrt": mp.sqrt,
        "root": lambda a, n: _mp_real_root(mp, a, n),
        "ln": mp.ln, "lg": mp.log10, "log": lambda a, base=mp.e: mp.ln(a) / mp.ln(base), "exp": mp.exp,
        "sec": mp.sec, "csc": mp.csc, "cot": mp.cot, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
        "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan, "sinh": mp.sinh, "cosh": mp.cosh,
        "tanh": mp.tanh, "coth": mp.coth, "arcsinh": mp.asinh, "arccosh": mp.acosh, "arctanh": mp.atanh,
        "floor": mp.floor, "ceil": mp.ceil, "factorial": mp.factorial, "binom": mp.binomial,
        "mod": lambda a, b: a % b, "conjugate": mp.conj, "min": min, "max": max,
    }  # fmt: skip
    return mp, table


def _mp_real_root(mp: Any, value: Any, index: Any) -> Any:
    """As `_real_root`."""
    if mp.im(value) == 0 and mp.im(index) == 0 and mp.re(value) < 0 and mp.re(index) % 2 == 1:
        return -mp.power(-value, 1 / index)
    return mp.power(value, 1 / index)
