"""Read the ground truth of a programming problem into one of three kinds of tests.

    {"inputs", "outputs"}                      -> StdioTests
    {"fn_name", "inputs", "outputs"}           -> CallTests
    {"functional"} | {"asserts", "setup"} | {"check", "entry_point"} -> ProgramTests

As an object or as a JSON string. Long test lists are cut to evenly spaced ones, always the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from verifiers.errors import GroundTruthError

MAX_TESTS = 40
"""Shipped rows hold up to thousands of tests; these many, evenly spaced, decide."""


@dataclass(frozen=True)
class StdioTests:
    cases: tuple[tuple[str, str], ...]
    """(stdin, expected stdout)"""


@dataclass(frozen=True)
class CallTests:
    fn_name: str
    cases: tuple[tuple[list[Any], Any], ...]
    """(arguments, expected result)"""


@dataclass(frozen=True)
class ProgramTests:
    setup: str
    parts: tuple[str, ...]
    """Sources run one after the other in one namespace; each passes or fails."""
    entry_point: str | None = None
    """The name under test, where the reference says it."""


Tests = StdioTests | CallTests | ProgramTests


def read_tests(ground_truth: JsonValue) -> Tests:
    """The tests of a problem.

    Raises:
        GroundTruthError: none of the documented shapes.
    """
    truth = _as_object(ground_truth)
    if "functional" in truth:
        return ProgramTests("", (_text(truth, "functional"),))
    if "asserts" in truth:
        asserts = [str(line) for line in _items(truth, "asserts")]
        return ProgramTests(_text(truth, "setup", default=""), tuple(asserts))
    if "check" in truth:
        entry_point = _text(truth, "entry_point")
        if not entry_point.isidentifier() or entry_point.startswith("__"):
            raise GroundTruthError(f"code: entry_point {entry_point!r} is not the name of a function")
        return ProgramTests("", (f"{_text(truth, 'check')}\ncheck({entry_point})\n",), entry_point)
    return _pairs(truth)


def _pairs(truth: Mapping[str, Any]) -> StdioTests | CallTests:
    inputs, outputs = _items(truth, "inputs"), _items(truth, "outputs")
    if len(inputs) != len(outputs):
        raise GroundTruthError(f"code: {len(inputs)} inputs but {len(outputs)} outputs")
    cases = _spread(list(zip(inputs, outputs, strict=True)))
    if truth.get("fn_name") is None:
        return StdioTests(tuple((_lines(stdin), _lines(stdout)) for stdin, stdout in cases))
    if not all(isinstance(args, list) for args, _ in cases):
        raise GroundTruthError("code: with fn_name, each input is the list of one call's arguments")
    return CallTests(_text(truth, "fn_name"), tuple(cases))


def _spread(cases: list[Any]) -> list[Any]:
    if len(cases) <= MAX_TESTS:
        return cases
    return [cases[round(at * (len(cases) - 1) / (MAX_TESTS - 1))] for at in range(MAX_TESTS)]


def _as_object(ground_truth: JsonValue) -> Mapping[str, Any]:
    value: Any = ground_truth
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise GroundTruthError(f"code: the reference is text but not JSON: {error}") from error
    if not isinstance(value, Mapping):
        raise GroundTruthError(f"code expects an object with tests, got {type(value).__name__}")
    return value


def _items(truth: Mapping[str, Any], key: str) -> Sequence[Any]:
    items = truth.get(key)
    if not isinstance(items, list) or not items:
        raise GroundTruthError(
            f"code: {key!r} must be a list with at least one item; keys are {sorted(truth)}"
        )
    return items


def _text(truth: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = truth.get(key, default)
    if not isinstance(value, str) or (not value.strip() and default is None):
        raise GroundTruthError(f"code: {key!r} must be text, got {value!r:.100}")
    return value


def _lines(value: Any) -> str:
    """Some datasets give stdin and stdout as lists of lines."""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
