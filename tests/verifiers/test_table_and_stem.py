"""Cells of tables and measured quantities."""

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.types import VerdictStatus


@pytest.mark.parametrize(
    ("reference", "answer", "score"),
    [
        pytest.param("1234.5", r"\$1,234.50", 1.0, id="currency-and-thousands"),
        pytest.param("0.25", r"25\%", 1.0, id="percent-is-hundredths"),
        pytest.param("6.64", "6.64%", 1.0, id="percent-mark-as-a-unit"),
        pytest.param("6.64", "664", 0.0, id="times-hundred"),
        pytest.param("50", "0.5", 0.0, id="hundredths-without-a-mark"),
        pytest.param("5", "-5", 0.0, id="sign"),
        pytest.param("-5", "(5)", 1.0, id="bookkeepers-minus"),
        pytest.param("12.3456", "12.35", 1.0, id="rounded"),
        pytest.param("12.3456", "12.5", 0.0, id="not-close"),
        pytest.param("2019|2020", "2020 | 2019", 1.0, id="cells-in-any-order"),
        pytest.param("2019|2020", "2019", 0.0, id="a-cell-missing"),
        pytest.param("2019|2019", "2019|2020", 0.0, id="each-cell-once"),
        pytest.param("New York", r"\text{new york}", 1.0, id="text"),
        pytest.param(3.5, "3.5", 1.0, id="a-number-as-reference"),
    ],
)
def test_table(reference: str | float, answer: str, score: float) -> None:
    assert grade("table", f"So \\boxed{{{answer}}}", reference).score == score


def test_a_table_answer_without_a_box_counts_only_if_it_is_the_whole_text() -> None:
    assert grade("table", " New York.", "New York").score == 1.0
    assert grade("table", "It must be New York", "New York").status is VerdictStatus.NO_ANSWER


@pytest.mark.parametrize(
    ("reference", "answer", "score"),
    [
        ("6.0 N", r"6 \text{ N}", 1.0),
        ("6.0 N", "6", 1.0),
        ("6.0 N", r"7 \text{ N}", 0.0),
        ("1.5e3 m/s", r"1.5 \times 10^{3} \text{ m/s}", 1.0),
        ("6.0 N", r"6000 \text{ mN}", 1.0),
        ("6.0 N", r"6 \text{ mN}", 0.0),
        ("6.0 mW", r"6 \text{ MW}", 0.0),
        ("36 km/h", r"10 \, \mathrm{m\,s^{-1}}", 1.0),
        ("36 km/h", r"10 \text{ m/s}^2", None),
        ("5 J", r"5 \text{ newtons}\cdot\text{meters}", 1.0),
        ("3 smoots", r"3 \text{ ells}", None),
        ("25%", "25", None),
        ("25%", "0.25", 1.0),
        ("kinetic energy", r"\text{Kinetic energy}", 1.0),
        ("kinetic energy", "energy of motion", None),
    ],
)
def test_stem(reference: str, answer: str, score: float | None) -> None:
    verdict = grade("stem", f"\\boxed{{{answer}}}", reference)
    assert verdict.score == score
    assert (verdict.reason == "judge_not_configured") == (score is None)
