"""The work of one comparison is counted: no answer keeps the grader busy, on any machine."""

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.math.errors import OverBudgetError
from verifiers.math.numeric import precise
from verifiers.math.tree import PI
from verifiers.math.work import MAX_WORK, limited_work, spend


def _balanced_sum(terms: list[str]) -> str:
    """A sum of many terms that is not deep."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return f"({_balanced_sum(terms[:middle])}+{_balanced_sum(terms[middle:])})"


LONG_POWERS = _balanced_sum([f"x^{{{7700 - index}}}" for index in range(230)])


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        pytest.param("5", rf"\lfloor x\rfloor+{LONG_POWERS}+\frac{{1}}{{x-x}}", id="no-value-in-the-end"),
        pytest.param("5", rf"\lfloor x\rfloor+{LONG_POWERS}+\sqrt{{x}}", id="not-rational-in-the-end"),
        pytest.param(
            ",".join(rf"x^{{7000}}+\sqrt{{{n}}}" for n in range(100)),
            ",".join(rf"x^{{7000}}+\sqrt{{{n}}}" for n in reversed(range(100))),
            id="many-comparisons",
        ),
    ],
)
def test_an_answer_that_is_expensive_again_and_again_is_over_the_budget(reference: str, answer: str) -> None:
    assert grade("math", f"\\boxed{{{answer}}}", reference).reason == "answer_over_budget"


def test_an_answer_without_a_value_differs_from_one_that_has_some_at_once() -> None:
    verdict = grade("math", r"\boxed{\frac{1}{x-x}}", "5")
    assert (verdict.score, verdict.evidence["stage"]) == (0.0, "structure")


def test_long_numbers_cost_more_than_short_ones() -> None:
    with limited_work():
        for _ in range(5_000):
            precise(PI, {}, 50)
    with limited_work():
        spend(MAX_WORK - 5_000)
        with pytest.raises(OverBudgetError):
            precise(PI, {}, 10_000)


def test_all_readings_of_an_answer_pay_out_of_one_purse_and_the_next_answer_has_its_own() -> None:
    for _ in range(2):
        with limited_work():
            spend(MAX_WORK)
            with pytest.raises(OverBudgetError):
                spend(1)
    spend(MAX_WORK + 1)  # nothing is counted outside
