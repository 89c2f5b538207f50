"""Grade a Python program against a reference, in a real sandbox."""

from __future__ import annotations

from pydantic import JsonValue

from tests.verifiers.grading_tools import grade
from verifiers.types import Verdict


def run(source: str, truth: JsonValue, **extra: JsonValue) -> Verdict:
    return grade("code", f"```python\n{source}\n```", truth, **extra)


def score(source: str, tests: str, **extra: JsonValue) -> float | None:
    """The score under a test program."""
    return run(source, {"functional": tests}, **extra).score
