"""Whether what a program printed, or returned, is what was expected.

Printed text:   `lines` (default)  same lines, token by token; numbers within 1e-6, yes/no in any case
                `exact`            same text, but for the ends of lines and of the text
                `tokens`           same words
                `float:<tol>`      same words, numbers within tol (absolute or relative)
Returned value: type-strict; an int may stand for an equal float and a tuple for a list (JSON has neither
                distinction), a bool never for a number, text never for a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from verifiers.errors import GroundTruthError

DEFAULT_TOLERANCE = 1e-6
VALUE_TOLERANCE = 1e-9
"""Relative, for returned floats: another order of additions is not a wrong answer."""

Checker = Callable[[str, str], bool]


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
    return lambda expected, printed: _same_tokens(expected.split(), printed.split(), bound)


def _exact(expected: str, printed: str) -> bool:
    return _trimmed_lines(expected) == _trimmed_lines(printed)


def _tokens(expected: str, printed: str) -> bool:
    return expected.split() == printed.split()


def _by_lines(expected: str, printed: str) -> bool:
    expected_lines, printed_lines = _trimmed_lines(expected), _trimmed_lines(printed)
    if len(expected_lines) != len(printed_lines):
        return False
    return all(
        _same_tokens(wanted.split(), given.split(), DEFAULT_TOLERANCE)
        for wanted, given in zip(expected_lines, printed_lines, strict=True)
    )


_CHECKERS: dict[str, Checker] = {"lines": _by_lines, "exact": _exact, "tokens": _tokens}


def _trimmed_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n")]


def _same_tokens(expected: list[str], printed: list[str], tolerance: float) -> bool:
    return len(expected) == len(printed) and all(
        _same_token(wanted, given, tolerance) for wanted, given in zip(expected, printed, strict=True)
    )


def _same_token(expected: str, printed: str, tolerance: float) -> bool:
    if expected == printed:
        return True
    if expected.lower() in ("yes", "no"):
        return expected.lower() == printed.lower()
    if expected.lstrip("+-").isdecimal() and printed.lstrip("+-").isdecimal():
        return expected.lstrip("+0") == printed.lstrip("+0")
    try:
        wanted, given = float(expected), float(printed)
    except ValueError:
        return False
    return math.isclose(wanted, given, rel_tol=tolerance, abs_tol=tolerance)


def same_value(expected: Any, given: Any) -> bool:
    """Whether a returned value is the expected JSON value; recursion goes no deeper than the expected
    value."""
    if isinstance(expected, bool) or expected is None or isinstance(given, bool):
        return given is expected
    if isinstance(expected, int) and isinstance(given, int):
        return expected == given
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
    try:
        return math.isclose(expected, given, rel_tol=VALUE_TOLERANCE)
    except OverflowError:  # an integer that no float can hold
        return False


def _same_mapping(expected: dict[str, Any], given: dict[Any, Any]) -> bool:
    """JSON keys are text, so `{1: 2}` is what `{"1": 2}` may mean."""
    by_text = {key if isinstance(key, str) else str(key): value for key, value in given.items()}
    if len(by_text) != len(given) or by_text.keys() != expected.keys():
        return False
    return all(same_value(value, by_text[key]) for key, value in expected.items())
