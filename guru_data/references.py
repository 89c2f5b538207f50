"""Write a problem's reference the way a model would have to answer.

    Problem --verifier's answer form--> response text, or None where the reference is no answer

So that a reference can be graded by the verifier that will use it. The ground truth of `code` and
`cruxeval` is tests, not an answer: there a solution is taken from `extra["reference"]`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from pydantic import JsonValue

from guru_data.problem import Problem

PROGRAM_VERIFIERS = frozenset({"code", "cruxeval"})
"""Verifiers whose ground truth is tests, and which run programs."""


def reference_response(problem: Problem) -> str | None:
    """The reference as a response, or None where the problem brings none or the verifier is not ours."""
    if problem.verifier in PROGRAM_VERIFIERS:
        solution = problem.extra.get("reference")
        return python_fence(solution) if isinstance(solution, str) else None
    write = _FORMS.get(problem.verifier)
    return write(problem.ground_truth) if write else None


def boxed(reference: object) -> str:
    """As `math`, `table`, `stem` and `choice` read it."""
    return f"\\boxed{{{reference}}}"


def tagged(reference: JsonValue) -> str:
    """As the puzzles read it."""
    text = reference if isinstance(reference, str) else json.dumps(reference)
    return f"<answer>{text}</answer>"


def json_fence(reference: JsonValue) -> str:
    """As `codeio` reads it. Guru's references are the inside of an object: `"output": 5`."""
    text = reference if isinstance(reference, str) else json.dumps(reference)
    return f"```json\n{text if text.lstrip().startswith('{') else f'{{{text}}}'}\n```"


def python_fence(solution: str) -> str:
    """As `code` and `cruxeval` read it."""
    return solution if "```" in solution else f"```python\n{solution}\n```"


_FORMS: dict[str, Callable[[JsonValue], str]] = {
    "math": boxed,
    "table": boxed,
    "stem": boxed,
    "choice": boxed,
    "ordering": tagged,
    "graph": tagged,
    "zebra": tagged,
    "arc": tagged,
    "codeio": json_fence,
}
