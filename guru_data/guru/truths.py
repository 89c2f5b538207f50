"""Check the shape of a Guru row's reference, and bring it into the form its verifier takes.

    verifier, ground_truth --TRUTHS[verifier]--> JSON value, or MalformedTruthError

What Parquet gives back is already plain Python. Only shapes are looked at here: whether a reference
is right is for its verifier to say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from guru_data.errors import MalformedTruthError
from guru_data.guru.tests_kept import kept_places, shortened_program
from guru_data.references import PROGRAM_VERIFIERS


@dataclass(frozen=True)
class TestCap:
    """How much of a programming problem's tests is kept; see `tests_kept`."""

    max_tests: int
    max_chars: int


def read_truth(verifier: str, value: Any, cap: TestCap) -> JsonValue:
    """The reference in its verifier's form.

    Raises:
        MalformedTruthError: it has not the shape that rows of this verifier have.
    """
    if verifier in PROGRAM_VERIFIERS:
        return _program_tests(value, cap)
    return TRUTHS[verifier](value)


def _text(value: Any) -> JsonValue:
    if not isinstance(value, str) or not value.strip():
        raise MalformedTruthError(f"ground_truth must be text, got {value!r:.100}")
    return value


def _cell(value: Any) -> JsonValue:
    """FinQA's references are numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return _text(value)


def _letter(value: Any) -> JsonValue:
    if not isinstance(value, str) or len(value.strip()) != 1 or value.strip().upper() not in "ABCDEFGHIJ":
        raise MalformedTruthError(f"ground_truth must be one letter A-J, got {value!r:.100}")
    return value


def _words(value: Any) -> JsonValue:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise MalformedTruthError(f"ground_truth must be a list of texts, got {value!r:.100}")
    return list(value)


def _solved_table(value: Any) -> JsonValue:
    header, rows = (value.get("header"), value.get("rows")) if isinstance(value, Mapping) else (None, None)
    if not isinstance(header, list) or not header or not isinstance(rows, list) or not rows:
        raise MalformedTruthError(f"ground_truth must have a header and rows, got {value!r:.100}")
    if any(not isinstance(row, list) or len(row) != len(header) for row in rows):
        raise MalformedTruthError(f"a row of ground_truth has not the {len(header)} cells of its header")
    if not all(isinstance(cell, str | int) for row in (header, *rows) for cell in row):
        raise MalformedTruthError(f"a cell of ground_truth is neither text nor a number, in {value!r:.100}")
    return {"header": header, "rows": rows}


def _grid(value: Any) -> JsonValue:
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        raise MalformedTruthError(f"ground_truth must be a grid of numbers, got {value!r:.100}")
    if not all(isinstance(cell, int) and not isinstance(cell, bool) for row in value for cell in row):
        raise MalformedTruthError(f"ground_truth must be a grid of integers, got {value!r:.100}")
    return value


def _recorded(value: Any) -> JsonValue:
    text = value.lstrip().lstrip("{").lstrip() if isinstance(value, str) else ""
    if not text.startswith(('"output"', '"input"')):
        raise MalformedTruthError(f'ground_truth must be "output": ... or "input": ..., got {value!r:.100}')
    return value


def _program_tests(value: Any, cap: TestCap) -> JsonValue:
    """Tests as JSON text, cut to the cap."""
    try:
        tests = json.loads(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedTruthError(f"ground_truth must be JSON text of tests: {error}") from error
    if not isinstance(tests, dict):
        raise MalformedTruthError(f"ground_truth must be JSON of an object, got {value!r:.100}")
    if isinstance(tests.get("functional"), str):
        kept = _kept_program(tests, cap)
        length = len(kept["functional"])
    elif isinstance(tests.get("inputs"), list) and isinstance(tests.get("outputs"), list):
        kept = _kept_pairs(tests, cap)
        length = sum(map(_length, kept["inputs"] + kept["outputs"]))
    else:
        raise MalformedTruthError(f"ground_truth has tests of an unknown kind: {sorted(tests)}")
    if length > cap.max_chars:
        raise MalformedTruthError(f"the tests are {length} characters long and cannot be cut")
    return str(value) if kept is tests else json.dumps(kept)


def _length(value: Any) -> int:
    return len(value if isinstance(value, str) else json.dumps(value))


def _kept_program(tests: dict[str, Any], cap: TestCap) -> dict[str, Any]:
    program = tests["functional"]
    shorter = shortened_program(program, max_tests=cap.max_tests, max_chars=cap.max_chars)
    return tests if shorter == program else tests | {"functional": shorter}


def _kept_pairs(tests: dict[str, Any], cap: TestCap) -> dict[str, Any]:
    inputs, outputs = tests["inputs"], tests["outputs"]
    if len(inputs) != len(outputs) or not inputs:
        raise MalformedTruthError(f"ground_truth has {len(inputs)} inputs and {len(outputs)} outputs")
    sizes = [_length(given) + _length(wanted) for given, wanted in zip(inputs, outputs, strict=True)]
    places = kept_places(sizes, max_tests=cap.max_tests, max_chars=cap.max_chars)
    if len(places) == len(sizes):
        return tests
    return tests | {"inputs": [inputs[at] for at in places], "outputs": [outputs[at] for at in places]}


TRUTHS: dict[str, Callable[[Any], JsonValue]] = {
    "math": _text,
    "stem": _text,
    "graph": _text,
    "table": _cell,
    "choice": _letter,
    "ordering": _words,
    "zebra": _solved_table,
    "arc": _grid,
    "codeio": _recorded,
}
