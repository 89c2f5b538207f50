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
        pytest.param("B is the correct answer.", "B", id="answer-behind"),
        pytest.param("I think that (B) is the best choice, because A is not.", "B", id="choice-behind"),
        pytest.param("Answer: B, not A", "B", id="not-another"),
        pytest.param("The answer is B. A and C are too small.", "B", id="others-are-wrong"),
        pytest.param("Answer: B; D is wrong", "B", id="another-is-wrong"),
        pytest.param("Answer: option B, not option D", "B", id="not-another-option"),
        pytest.param("Answer: B. A noble gas", "B", id="article-behind"),
        pytest.param("Answer: B I think", "B", id="pronoun-behind"),
        pytest.param(r"\boxed{Ｂ}", "B", id="full-width"),
        pytest.param(r"\boxed{B\ }", "B", id="escaped-space"),
        pytest.param(r"\boxed{B} and again \boxed{(B)}", "B", id="the-same-letter-twice"),
    ],
)
def test_the_letter_that_is_meant(response: str, letter: str) -> None:
    assert grade("choice", response, letter).score == 1.0
    assert grade("choice", response, "H").score == 0.0


@pytest.mark.parametrize(
    "option",
    [
        "A. Vitamin C",
        "A. Vitamin C.",
        "A. Hepatitis B",
        "A. I think, therefore I am",
        "A. I only",
        "A. I and III",
        "A. A noble gas",
        "A. B cells",
        "A: F = ma",
        "A. Both B and C",
        "A. Carbon (C)",
        "A. Iron (I) oxide",
        "A) False",
        "(A) is not a mammal",
        "A. 20 °C",
        "A. Not enough information",
    ],
)
def test_a_capital_in_the_text_of_an_option_names_no_option(option: str) -> None:
    assert grade("choice", rf"\boxed{{{option}}}", "A").score == 1.0
    assert grade("choice", f"Answer: {option}", "A").score == 1.0


@pytest.mark.parametrize(
    "named",
    [
        "A; B",
        "A: B",
        "A. B",
        "A. B. C. D.",
        "(A)(B)(C)",
        "A) (B)",
        "A. Also B.",
        "A. but maybe option B",
        "A. x B. y C. z D. w",
        "(A) x (B) y",
        "A B C D",
        "A | B",
        "A to D",
        "A but also B",
        "not A",
        "anything but A",
        "neither A nor B",
        "(A) is wrong",
        "A? Or B.",
        "A; B is also right",
        "A. B is correct",
    ],
)
def test_several_letters_and_a_denied_one_are_no_answer(named: str) -> None:
    for response in (rf"\boxed{{{named}}}", f"Answer: {named}", f"The answer is {named}"):
        for letter in "ABCD":
            assert grade("choice", response, letter).status is VerdictStatus.NO_ANSWER


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(r"\boxed{A} or \boxed{B}", id="boxes-side-by-side"),
        pytest.param("The answer is not (A)", id="not"),
        pytest.param("(A) is wrong", id="denied-without-lead-in"),
        pytest.param("anything but (A)", id="anything-but"),
        pytest.param("A is not the correct answer", id="denied-subject"),
        pytest.param("A or B is the correct answer", id="two-subjects"),
        pytest.param("The wrong answer is A", id="wrong-answer"),
        pytest.param(rf"\boxed{{A.{' ,' * 300_000}}}", id="a-megabyte-of-commas"),
    ],
)
def test_no_letter_is_read_where_none_or_two_are_meant(response: str) -> None:
    for letter in "AB":
        assert grade("choice", response, letter).status is VerdictStatus.NO_ANSWER


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
