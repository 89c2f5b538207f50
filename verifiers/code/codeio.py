r"""Grade a predicted input or output of a program (Guru's `simulation__codeio`).

    response --last json fence, else box, else last {...}--> value --compare--> Verdict

Ground truth: `"output": <JSON>` or `"input": <JSON>` as text, or an object with one of those keys. Nothing is
run: the prediction is compared with the recorded value. The wrapper key may be missing; numbers are compared
numerically, text and numbers are not mixed, and text that holds a list or an object equals that list or
object.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, fences, last_boxed, last_tag
from verifiers.literals import LiteralSyntaxError, parse_literal, read_literal
from verifiers.types import Verdict, VerifyRequest

WRAPPERS = ("output", "input")
TOLERANCE = 1e-6
MAX_STARTS = 200
"""How many opening braces from the end are tried for an answer without fence and box."""
MAX_TAIL_CHARS = 10_000
"""And how far from the last closing one, since each try may read up to the end."""


class CodeIOVerifier(Verifier):
    name: ClassVar[str] = "codeio"
    examples: ClassVar[Sequence[Example]] = (
        Example('```json\n{"output": {"n": 3}}\n```', '"output": {"n": 3}', 1.0),
        Example('\\boxed{{"output": 4}}', '"output": 4.0', 1.0),
        Example('```json\n{"output": "4"}\n```', '"output": 4', 0.0),
        Example("four", '"output": 4', 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        wrapper, expected = _read_reference(request.ground_truth)
        for text in _candidate_texts(after_think(request.response)):
            value = _read_value(text)
            if value is not None:
                given = _unwrap(value[0], wrapper)
                return Verdict.compared(same_json(expected, given), text)
        return Verdict.no_answer("no_json")


def _read_reference(ground_truth: JsonValue) -> tuple[str, JsonValue]:
    value = ground_truth
    if isinstance(value, str):
        try:
            value = parse_literal("{" + value.strip().strip(",") + "}")
        except LiteralSyntaxError as error:
            raise GroundTruthError(f'codeio expects "output": <JSON> or "input": <JSON>: {error}') from error
    if isinstance(value, dict):
        for wrapper in WRAPPERS:
            if wrapper in value:
                return wrapper, value[wrapper]
    raise GroundTruthError(f"codeio expects an output or an input, got {ground_truth!r:.200}")


def _candidate_texts(text: str) -> Iterator[str]:
    """Where an answer may stand, most explicit first."""
    blocks = fences(text)
    yield from (body for language, body in reversed(blocks) if language == "json")
    boxed = last_boxed(text)
    if boxed:
        yield boxed
    yield from (body for language, body in reversed(blocks) if language == "")
    tagged = last_tag(text)
    if tagged:
        yield tagged
    yield from _last_objects(text)


def _last_objects(text: str) -> Iterator[str]:
    """Texts from the last opening braces on; an outer object comes before what it holds."""
    end = text.rfind("}")
    starts: list[int] = []
    position = end
    first = max(0, end - MAX_TAIL_CHARS)
    while len(starts) < MAX_STARTS and (position := text.rfind("{", first, position)) >= 0:
        starts.append(position)
    for start in reversed(starts):
        try:
            _, stop = read_literal(text, start)
        except LiteralSyntaxError:
            continue
        if not text[stop : end + 1].strip("} \n\t"):
            yield text[start:stop]
            return


def _read_value(text: str) -> tuple[JsonValue] | None:
    """The literal a text holds, in a tuple because null is a value; `"output": 5` without braces is read as
    well."""
    text = text.strip().strip("`").strip()
    for attempt in (text, "{" + text + "}"):
        try:
            return (parse_literal(attempt),)
        except LiteralSyntaxError:
            continue
    return None


def _unwrap(value: JsonValue, wrapper: str) -> JsonValue:
    if isinstance(value, dict) and wrapper in value and len(value) == 1:
        return value[wrapper]
    return value


def same_json(expected: JsonValue, given: JsonValue) -> bool:
    """Whether two JSON values mean the same; see the module's header."""
    if isinstance(expected, str) != isinstance(given, str):
        return _same_but_for_quotes(expected, given)
    if isinstance(expected, bool) or isinstance(given, bool) or expected is None or isinstance(expected, str):
        return expected is given or (isinstance(expected, str) and expected == given)
    if isinstance(expected, int | float):
        return isinstance(given, int | float) and _same_number(expected, given)
    if isinstance(expected, list):
        return (
            isinstance(given, list) and len(given) == len(expected) and all(map(same_json, expected, given))
        )
    if not isinstance(given, dict) or expected.keys() != given.keys():
        return False
    return all(same_json(value, given[key]) for key, value in expected.items())


def _same_but_for_quotes(expected: JsonValue, given: JsonValue) -> bool:
    """One side is text: it may hold a list, an object or a truth value, but not a number."""
    text, value = (expected, given) if isinstance(expected, str) else (given, expected)
    if not isinstance(text, str) or not isinstance(value, bool | list | dict):
        return False
    try:
        return same_json(parse_literal(text), value)
    except LiteralSyntaxError:
        return False


def _same_number(expected: float, given: float) -> bool:
    """Floats within a tolerance; where an integer is recorded or given, its value alone counts."""
    if isinstance(expected, int) or isinstance(given, int):
        return expected == given
    return math.isclose(expected, given, rel_tol=TOLERANCE, abs_tol=1e-12)
