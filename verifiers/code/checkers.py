"""Whether what a program printed, or returned, is what was expected.

Printed text:   `lines` (default)  same lines, token by token; integers exactly (`4.0` is 4), other
                                   numbers within 1e-6, yes/no in any case
                `exact`            same text, but for the ends of lines and of the text
                `tokens`           same words
                `float:<tol>`      same words, numbers within tol (absolute or relative)
Returned value: type-strict; an int may stand for an equal float and a tuple for a list (JSON has neither
                distinction), a bool never for a number, text never for a number.

A tolerance is for measured numbers. Where an integer is expected, it would call the neighbour of a large one
right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from verifiers.errors import GroundTruthError

DEFAULT_TOLERANCE = 1e-6
VALUE_TOLERANCE = 1e-9
"""Relative, for returned floats: another order of additions is not a wrong answer."""

Checker = Callable[[str, str], bool]

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?")
"""A number that costs little to read exactly, however a program meant it."""


def text_checker(name: str) -> Checker:
    """The checker of a name.

    Raises:
        GroundTruthError: no such checker.
    """
    if name in _CHECKERS:
        return _CHECKERS[name]
    kind, _, tolerance = name.partition(":")
    try:
        bound = float(tolerance)
    except ValueError:
        bound = math.nan
    if kind != "float" or not bound >= 0:
        raise GroundTruthError(f"code: no checker {name!r}; have {', '.join(_CHECKERS)}, float:<tolerance>")
    return lambda expected, printed: _close_tokens(expected.split(), printed.split(), bound)


def _exact(expected: str, printed: str) -> bool:
    return _trimmed_lines(expected) == _trimmed_lines(printed)


def _tokens(expected: str, printed: str) -> bool:
    return expected.split() == printed.split()


def _by_lines(expected: str, printed: str) -> bool:
    expected_lines, printed_lines = _trimmed_lines(expected), _trimmed_lines(printed)
    if len(expected_lines) != len(printed_lines):
        return False
    return all(
        len(wanted) == len(given) and all(map(_same_token, wanted, given))
        for wanted, given in zip(map(str.split, expected_lines), map(str.split, printed_lines), strict=True)
    )


_CHECKERS: dict[str, Checker] = {"lines": _by_lines, "exact": _exact, "tokens": _tokens}


def _trimmed_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n")]


def _close_tokens(expected: list[str], printed: list[str], tolerance: float) -> bool:
    return len(expected) == len(printed) and all(
        _close_token(wanted, given, tolerance) for wanted, given in zip(expected, printed, strict=True)
    )


def _same_token(expected: str, printed: str) -> bool:
    """An expected integer is met by its value alone, however it is written; the rest within a tolerance."""
    if not _INTEGER.fullmatch(expected) or _INTEGER.fullmatch(printed):
        return _close_token(expected, printed, DEFAULT_TOLERANCE)
    return _DECIMAL.fullmatch(printed) is not None and _plain_integer(expected) == _whole(Fraction(printed))


def _whole(value: Fraction) -> str | None:
    return str(value.numerator) if value.denominator == 1 else None


def _close_token(expected: str, printed: str, tolerance: float) -> bool:
    if expected == printed:
        return True
    if expected.lower() in ("yes", "no"):
        return expected.lower() == printed.lower()
    if _INTEGER.fullmatch(expected) and _INTEGER.fullmatch(printed):
        return _plain_integer(expected) == _plain_integer(printed)
    try:
        wanted, given = float(expected), float(printed)
    except ValueError:
        return False
    return math.isclose(wanted, given, rel_tol=tolerance, abs_tol=tolerance)


def _plain_integer(text: str) -> str:
    """An integer in its one spelling, as text: Python refuses to read one of some thousand digits."""
    digits = text.lstrip("+-").lstrip("0") or "0"
    return f"-{digits}" if text[0] == "-" and digits != "0" else digits


def same_value(expected: Any, given: Any) -> bool:
    """Whether a returned value is the expected JSON value; recursion goes no deeper than the expected
    value."""
    if isinstance(expected, bool) or expected is None or isinstance(given, bool):
        return given is expected
    if isinstance(expected, int | float):
        return isinstance(given, int | float) and _same_number(expected, given)
    if isinstance(expected, str):
        return isinstance(given, str) and given == expected
    if isinstance(expected, list):
        return (
            isinstance(given, list | tuple)
            and len(given) == len(expected)
            and all(map(same_value, expected, given))
        )
    return isinstance(given, dict) and _same_mapping(expected, given)


def _same_number(expected: float, given: float) -> bool:
    if isinstance(expected, int) or isinstance(given, int):
        return expected == given
    return math.isclose(expected, given, rel_tol=VALUE_TOLERANCE)


def _same_mapping(expected: dict[str, Any], given: dict[Any, Any]) -> bool:
    """JSON keys are text, so `{1: 2}` is what `{"1": 2}` may mean."""
    try:
        by_text = {key if isinstance(key, str) else str(key): value for key, value in given.items()}
    except ValueError:  # an integer of more digits than Python writes
        return False
    if len(by_text) != len(given) or by_text.keys() != expected.keys():
        return False
    return all(same_value(value, by_text[key]) for key, value in expected.items())
