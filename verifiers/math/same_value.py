"""Whether two expressions are equal, as numbers or as functions of their symbols.

    both rational?           compare exactly
    doubles clearly differ?  not equal
    50 digits agree?         equal

Symbols get values derived from the texts' hash: the same in every process, and nothing an answer could be
built around. A decimal in the reference stands for every exact value that rounds to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from fractions import Fraction

from verifiers.math.errors import OverBudgetError, UndefinedError, UnreadableError
from verifiers.math.exact import NotRationalError, exact
from verifiers.math.numeric import approximate, is_real_throughout, precise
from verifiers.math.tree import Expression, Number, Op, symbols_of, walk

CLEARLY_DIFFERENT = 1e-8
"""Relative difference of doubles beyond which no rounding error is to blame."""
DIGITS, SPARE_DIGITS = 50, 10
"""Equal is what agrees in all digits but the spare ones, which rounding may spoil."""
MAX_DIGITS = 1_000
"""Terms whose sizes differ by more digits than this are not added up."""
POSITIVE_POINTS, NEGATIVE_POINTS = 4, 2
MIN_POINTS = 2
STEPPED = frozenset({"floor", "ceil", "mod", "min", "max", "abs"})
"""Functions that may agree at a few points near each other and still differ."""
MIN_REFERENCE_DIGITS, MIN_ANSWER_DIGITS = 2, 6
"""Significant digits that a decimal must show before an exact value may round to it."""

Point = Mapping[str, Fraction]


def same_value(reference: Expression, answer: Expression) -> bool:
    """Whether the answer equals the reference.

    Raises:
        OverBudgetError: computing one of them would take too much.
        UnreadableError: it cannot be told by numbers.
    """
    if reference == answer:
        return True
    try:
        return _same_rational(reference, answer)
    except NotRationalError:
        pass
    except UndefinedError:
        return False
    symbols = sorted(symbols_of(reference) | symbols_of(answer))
    if not symbols:
        return _same_number(reference, answer)
    return _same_function(reference, answer, symbols)


def approximate_at_samples(a: Expression, b: Expression) -> list[tuple[complex, complex]]:
    """Values of both at the sample points where both have one."""
    found = []
    for point, _ in _points(sorted(symbols_of(a) | symbols_of(b)), salt=repr(a)):
        try:
            found.append((approximate(a, point), approximate(b, point)))
        except UndefinedError:
            continue
    return found


def _same_rational(reference: Expression, answer: Expression) -> bool:
    given = exact(answer)
    wanted = exact(reference)
    return wanted == given or _rounds_to(reference, answer)


def _same_number(reference: Expression, answer: Expression) -> bool:
    try:
        return _same_at(reference, answer, {}) or _rounds_to(reference, answer)
    except UndefinedError:
        return False


def _same_function(reference: Expression, answer: Expression, symbols: list[str]) -> bool:
    """Equal wherever both are defined: at positive points, and at negative ones where both are real."""
    agreed = 0
    stepped = any(
        isinstance(node, Op) and node.name in STEPPED for side in (reference, answer) for node in walk(side)
    )
    for point, positive in _points(symbols, salt=repr(reference), stepped=stepped):
        try:
            same = _same_at(reference, answer, point)
        except UndefinedError:
            continue
        if not same and (
            positive or (is_real_throughout(reference, point) and is_real_throughout(answer, point))
        ):
            return False
        agreed += same
    if agreed < MIN_POINTS:
        raise UnreadableError("not defined at enough points")
    return True


def _same_at(reference: Expression, answer: Expression, point: Point) -> bool:
    """Equal at one point. An answer without a value there is not equal to a reference that has one.

    Raises:
        UndefinedError: the reference, or both, have no value there.
    """
    try:
        return _has_exactly(exact(reference, point), answer, point)
    except NotRationalError:
        pass
    a = approximate(reference, point)
    b = approximate(answer, point)
    size = max(abs(a), abs(b))
    if abs(a - b) > CLEARLY_DIFFERENT * size and size > 1e-6 * _largest_part(reference, answer, point):
        return False
    return _same_to_many_digits(reference, answer, point)


def _has_exactly(value: Fraction, answer: Expression, point: Point) -> bool:
    try:
        return exact(answer, point) == value
    except UndefinedError:
        return False


def _largest_part(reference: Expression, answer: Expression, point: Point) -> float:
    """The size of what is added up in the two; differences far below it may be cancellation."""
    sizes = [1e-300]
    for expression in (reference, answer):
        if isinstance(expression, Op) and expression.name in ("add", "neg", "mul", "div"):
            sizes += [abs(approximate(operand, point)) for operand in expression.operands]
    return max(sizes)


def _same_to_many_digits(reference: Expression, answer: Expression, point: Point) -> bool:
    digits = DIGITS
    (a, gap_a), (b, gap_b) = precise(reference, point, digits), precise(answer, point, digits)
    if (gap := max(gap_a, gap_b)) > SPARE_DIGITS:
        if gap > MAX_DIGITS:
            raise OverBudgetError("terms too different in size to be added up")
        digits += gap
        (a, _), (b, _) = precise(reference, point, digits), precise(answer, point, digits)
    scaled_difference = abs(a - b) * 10 ** (digits - SPARE_DIGITS)
    if scaled_difference <= max(abs(a), abs(b)):
        return True
    if scaled_difference > _largest_part(reference, answer, point):
        return False
    # both vanish next to what they are made of: a true zero keeps shrinking with the precision
    (c, _), (d, _) = precise(reference, point, 3 * digits), precise(answer, point, 3 * digits)
    return abs(c - d) * 10 ** (digits - SPARE_DIGITS) <= abs(a - b)


def _points(symbols: list[str], salt: str, *, stepped: bool = False) -> Iterator[tuple[Point, bool]]:
    """Points, and whether they are positive; more of them and farther out for functions with steps."""
    positive_points = 4 * POSITIVE_POINTS if stepped else POSITIVE_POINTS
    width = 20_011 if stepped else 269
    for index in range(positive_points + NEGATIVE_POINTS):
        positive = index < positive_points
        sign = 1 if positive else -1
        yield {symbol: sign * _sample(f"{salt}|{symbol}|{index}", width) for symbol in symbols}, positive


def _sample(seed: str, width: int) -> Fraction:
    """A rational in (0.3, 0.3 + width / 100) with a small denominator."""
    number = int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:4], "big")
    return Fraction(31 + number % width, 101)


def _rounds_to(reference: Expression, answer: Expression) -> bool:
    """A decimal reference accepts an exact value that rounds to it; a long decimal answer rounds an exact
    reference.

    Only values that no shorter decimal says exactly: 27/50 is 0.54 and does not pass for 0.5.
    """
    wanted_digits, given_digits = _decimals(reference), _decimals(answer)
    if (wanted_digits is None) == (given_digits is None):
        return False
    decimal, other, digits = (
        (reference, answer, wanted_digits) if wanted_digits is not None else (answer, reference, given_digits)
    )
    assert digits is not None
    value = exact(decimal)
    significant = len(str(abs(int(value * 10**digits))))
    if significant < (MIN_REFERENCE_DIGITS if wanted_digits is not None else MIN_ANSWER_DIGITS):
        return False
    if _is_terminating(other):
        return False
    try:
        size = approximate(other, {})
    except UndefinedError:
        return False
    if abs(size.imag) > 1e-12 or abs(size.real) > 1e12:
        return False
    return abs(Fraction(size.real) - value) * 10**digits <= Fraction(1, 2) + Fraction(1, 10**6)


def _decimals(expression: Expression) -> int | None:
    """How many digits a decimal literal shows behind the point, sign and percent mark applied; None if it is
    none."""
    if isinstance(expression, Number):
        return expression.decimals
    if isinstance(expression, Op) and expression.name in ("neg", "percent"):
        inner = _decimals(expression.operands[0])
        return None if inner is None else inner + (2 if expression.name == "percent" else 0)
    return None


def _is_terminating(expression: Expression) -> bool:
    try:
        denominator = exact(expression).denominator
    except (NotRationalError, OverBudgetError):
        return False
    return 10 ** denominator.bit_length() % denominator == 0
