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
        pytest.param("5", "5 billion", 0.0, id="a-scale-word"),
        pytest.param("$5 million", "5000000", 1.0, id="a-scale-word-in-figures"),
        pytest.param("$3.2 million", "3.2 million dollars", 1.0, id="a-scale-word-before-the-unit"),
        pytest.param("5", "5 maybe six", 0.0, id="a-hedge"),
        pytest.param("5", "5 but could be six", 0.0, id="a-longer-hedge"),
        pytest.param("1.5", "1.5x", 0.0, id="a-variable"),
        pytest.param("5", "5 students", 1.0, id="what-is-counted"),
        pytest.param("10/12", "5/6", 0.0, id="a-score-is-not-reduced"),
        pytest.param("10/12", r"\frac{10}{12}", 1.0, id="a-fraction"),
        pytest.param("10/12", "0.8333", 1.0, id="a-fraction-as-a-decimal"),
        pytest.param("12:30", "0.4", 0.0, id="a-time-is-no-quotient"),
        pytest.param("12:30", "12 : 30", 1.0, id="a-time"),
        pytest.param("0.4", "12:30", 0.0, id="a-quotient-is-no-time"),
        pytest.param("3M", "3", 0.0, id="a-company"),
        pytest.param("50 Cent", "50", 0.0, id="a-musician"),
        pytest.param("7 Up", "7", 0.0, id="a-drink"),
        pytest.param("7 Up", "7 up", 1.0, id="a-drink-in-lower-case"),
        pytest.param("12 km", "12", 1.0, id="a-unit-left-out"),
        pytest.param("12.0", "12.0001", 1.0, id="rounds-to-the-reference"),
        pytest.param("2019.0", "2018", 0.0, id="a-year-with-a-point"),
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
        ("1989", "1990", 0.0),
        ("1989", "1980", 0.0),
        ("365", "366", 0.0),
        ("206 bones", "205 bones", 0.0),
        ("206 bones", "205", 0.0),
        ("206 bones", "206", None),
        ("3.14", "3.15", 1.0),
        (r"3 \times 10^8", "2.998e8", 1.0),
        ("100 m", "100.3 m", 1.0),
        (r"4\pi r^2", "4", None),
        ("2x", "2", None),
        ("2^n", "2", None),
        ("3e^{kt}", "3", None),
        ("5 - x", "5", None),
        ("5", "5x", None),
        ("5", "5 + y", None),
        ("5", "5, six", None),
        ("5", "5 but could be six", None),
        ("5", "5 billion", 0.0),
        ("2:1", "2", None),
        (r"25^\circ C", r"25\,^{\circ}\text{C}", 1.0),
        (r"25^\circ C", "25", 1.0),
        ("5 MW", "5 mW", 0.0),
        ("5 M", "5 m", None),
        ("5 MBq", "5 mBq", None),
        ("NO", "No", None),
        ("Co", "CO", None),
        ("23", "2*3", None),
        ("12", "1 2", None),
        ("10 m s^{-1}", r"10 \text{ m/s}", 1.0),
        (r"\frac{1}{23}", r"\frac{12}{3}", 0.0),
        ("x^2 + 1", "x^{2}+1", 1.0),
        ("sodium chloride", "**Sodium Chloride**.", 1.0),
    ],
)
def test_stem(reference: str, answer: str, score: float | None) -> None:
    verdict = grade("stem", f"\\boxed{{{answer}}}", reference)
    assert verdict.score == score
    assert (verdict.reason == "judge_not_configured") == (score is None)
