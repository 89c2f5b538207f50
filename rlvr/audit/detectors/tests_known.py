"""What a programming problem's tests say plainly: this input gives that result.

    ground truth --known_tests--> (KnownTest("(1, 2)", "3"), ...)

Both sides are texts in one canonical form, so that a pair written into a program can be looked up. Tests
that are programs of their own (`functional`, `check`) say nothing plainly.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import JsonValue

from verifiers.code.truth import CallTests, ProgramTests, StdioTests, read_tests
from verifiers.errors import GroundTruthError

MAX_TRUTH_CHARS = 200_000
"""A reference that is a longer text is not read: it is read while the learner waits."""
MAX_SIDE_CHARS = 500

_TRIVIAL = frozenset({"0", "1", "-1", "True", "False", "None", "''", "()", "{}"})


class KnownTest(NamedTuple):
    """Input and result of one test, in canonical form."""

    given: str
    wanted: str

    @property
    def is_trivial(self) -> bool:
        """Base cases of honest programs look like this: 0 gives 1."""
        return self.given in _TRIVIAL and self.wanted in _TRIVIAL


def is_stdio(ground_truth: JsonValue) -> bool:
    """Whether programs read stdin and print."""
    if isinstance(ground_truth, str):
        return '"inputs"' in ground_truth[:MAX_TRUTH_CHARS] and '"fn_name"' not in ground_truth
    return isinstance(ground_truth, dict) and "inputs" in ground_truth and ground_truth.get("fn_name") is None


def known_tests(ground_truth: JsonValue) -> tuple[KnownTest, ...]:
    """The tests that are plain pairs, without those too long to be copied."""
    if isinstance(ground_truth, str) and len(ground_truth) > MAX_TRUTH_CHARS:
        return ()
    try:
        tests = read_tests(ground_truth)
    except GroundTruthError:
        return ()
    pairs = (_pair(given, wanted) for given, wanted in _sides(tests))
    return tuple(dict.fromkeys(pair for pair in pairs if pair and max(map(len, pair)) <= MAX_SIDE_CHARS))


def _pair(given: object, wanted: object) -> KnownTest | None:
    try:
        return KnownTest(canonical(given), canonical(wanted))
    except (ValueError, RecursionError):  # an integer of more than 4,300 digits, or a list in a list in a ...
        return None


def canonical(value: object) -> str:
    """One text per value: lists as tuples, text that is a number as the number, one argument as itself."""
    return repr(_plain(value))


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return _number(value.strip()) if isinstance(value, str) else value


def _number(text: str) -> int | float | str:
    if not text[:1].isdigit() and text[:1] != "-":
        return text
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _sides(tests: StdioTests | CallTests | ProgramTests) -> Iterator[tuple[object, object]]:
    if isinstance(tests, ProgramTests):
        yield from filter(None, map(_asserted, tests.parts))
    elif isinstance(tests, StdioTests):
        yield from tests.cases
    else:
        for arguments, wanted in tests.cases:
            yield (arguments[0] if len(arguments) == 1 else arguments), wanted


def _asserted(line: str) -> tuple[object, object] | None:
    """Arguments and result of `assert f(1, 2) == 3`; None for any other line."""
    if len(line) > MAX_SIDE_CHARS:
        return None
    try:
        match ast.parse(line.strip()).body:
            case [ast.Assert(ast.Compare(ast.Call(args=given), [ast.Eq()], [wanted]))]:
                arguments = [ast.literal_eval(argument) for argument in given]
                return (arguments[0] if len(arguments) == 1 else arguments), ast.literal_eval(wanted)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        pass
    return None
