"""A reference written as a response has the form that its verifier's prompts ask for."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from guru_data import Message, Problem
from guru_data.references import reference_response


def problem(verifier: str, ground_truth: JsonValue, **extra: JsonValue) -> Problem:
    return Problem(
        id="p",
        prompt=(Message(role="user", content="?"),),
        domain="any",
        data_source="made",
        verifier=verifier,
        ground_truth=ground_truth,
        extra=extra,
        source="made",
        licence="CC0-1.0",
        split="train",
    )


@pytest.mark.parametrize(
    ("verifier", "ground_truth", "response"),
    [
        ("math", "4", r"\boxed{4}"),
        ("table", "47|12", r"\boxed{47|12}"),
        ("ordering", ["a", "b"], '<answer>["a", "b"]</answer>'),
        ("graph", "brown", "<answer>brown</answer>"),
        ("arc", [[1, 0]], "<answer>[[1, 0]]</answer>"),
        ("codeio", '"output": 5', '```json\n{"output": 5}\n```'),
        ("codeio", '{"output": 5}', '```json\n{"output": 5}\n```'),
    ],
)
def test_a_reference_is_written_as_an_answer(verifier: str, ground_truth: JsonValue, response: str) -> None:
    assert reference_response(problem(verifier, ground_truth)) == response


@pytest.mark.parametrize("solution", ["def f(): ...", "```python\ndef f(): ...\n```"])
def test_the_answer_to_tests_is_the_solution_beside_them(solution: str) -> None:
    response = reference_response(problem("code", {"asserts": ["assert f() is None"]}, reference=solution))
    assert response == "```python\ndef f(): ...\n```"


def test_tests_without_a_solution_have_no_answer() -> None:
    assert reference_response(problem("code", {"asserts": ["assert f() is None"]})) is None


def test_a_verifier_we_do_not_know_has_no_answer_form() -> None:
    assert reference_response(problem("haiku", "old pond")) is None
