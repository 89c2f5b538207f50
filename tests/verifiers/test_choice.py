"""Multiple choice: one letter, never a guess."""

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.errors import GroundTruthError
from verifiers.types import VerdictStatus


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        pytest.param(r"\boxed{B}", "B", id="box"),
        pytest.param(r"\boxed{A}, no, \boxed{B}", "B", id="last-box"),
        pytest.param(r"\boxed{\text{B}}", "B", id="text-wrapper"),
        pytest.param(r"\boxed{(B) Argon}", "B", id="bracket-and-option"),
        pytest.param(r"\boxed{B. Argon, a gas}", "B", id="option-text-with-article"),
        pytest.param(r"\boxed{\text{Answer: B}}", "B", id="lead-in-in-the-box"),
        pytest.param("<answer> b </answer>", "B", id="tag-and-lower-case"),
        pytest.param("So the answer is B.", "B", id="sentence"),
        pytest.param("**Answer:** B, because A is impossible", "B", id="reason-behind"),
        pytest.param("The correct option is (B)", "B", id="option-is"),
        pytest.param("I think (B) is correct", "B", id="one-bracketed-letter"),
        pytest.param("B", "B", id="bare"),
    ],
)
def test_the_letter_that_is_meant(response: str, letter: str) -> None:
    assert grade("choice", response, letter).score == 1.0
    assert grade("choice", response, "H").score == 0.0


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(r"\boxed{A or B}", id="or"),
        pytest.param(r"\boxed{ABCD}", id="all"),
        pytest.param("Answer: A, B", id="comma"),
        pytest.param("Answer: A/B/C", id="slashes"),
        pytest.param(r"\boxed{A) cat, B) dog}", id="two-options"),
        pytest.param("A cat is an animal", id="article"),
        pytest.param("The answer is a mystery", id="lower-case-article"),
        pytest.param("", id="empty"),
    ],
)
def test_hedging_and_silence_are_no_answer(response: str) -> None:
    for letter in "ABCD":
        assert grade("choice", response, letter).status is VerdictStatus.NO_ANSWER


@pytest.mark.parametrize("reference", ["AB", "K", "", 1, None, ["A"]])
def test_a_reference_that_is_no_letter_is_an_error(reference: object) -> None:
    with pytest.raises(GroundTruthError):
        grade("choice", r"\boxed{A}", reference)  # type: ignore[arg-type]
