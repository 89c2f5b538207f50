"""The bounded parser and the evaluation: no text crashes them, and random expressions keep their value."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifiers.grading_tools import grade
from verifiers.math.answers import Group, Matrix, Relation, Union, Value, parse_answer
from verifiers.math.compare import same_answer
from verifiers.math.errors import MathError, OverBudgetError, UnreadableError
from verifiers.math.exact import exact
from verifiers.math.expressions import parse_expression
from verifiers.math.plain_numbers import plain_number
from verifiers.math.readings import readings
from verifiers.math.tokens import tokenize


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 3) -> tuple[str, Fraction]:
    """LaTeX of a rational expression and its value."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.integers(0, 99))
        return str(number), Fraction(number)
    (left, a), (right, b) = draw(arithmetic(depth=depth - 1)), draw(arithmetic(depth=depth - 1))
    kind = draw(st.sampled_from(["+", "-", r"\cdot", r"\frac", "^"]))
    if kind == r"\frac" and b != 0:
        return rf"\frac{{{left}}}{{{right}}}", a / b
    if kind == "^":
        power = draw(st.integers(0, 3))
        return rf"\left({left}\right)^{{{power}}}", a**power
    if kind in ("+", "-"):
        return rf"({left} {kind} {right})", a + b if kind == "+" else a - b
    return rf"({left}) \cdot ({right})", a * b


@given(arithmetic())
def test_the_value_of_what_is_written(case: tuple[str, Fraction]) -> None:
    text, value = case
    assert exact(parse_expression(tokenize(text))) == value


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_plain_numbers_are_exact(numerator: int, denominator: int) -> None:
    assert plain_number(f"{numerator:,}") == numerator
    assert plain_number(f"{numerator}/{denominator}") == Fraction(numerator, denominator)
    assert plain_number(rf"\frac{{{numerator}}}{{{denominator}}}") == Fraction(numerator, denominator)


@pytest.mark.parametrize("text", ["1,22", "1 2", "1/0", "", ".", "1e5", "x", "1.2.3"])
def test_what_could_mean_something_else_is_no_plain_number(text: str) -> None:
    assert plain_number(text) is None


@given(st.text(alphabet="\\frac{}()[]+-*/^_,.|=<>123xyz sqrtpi&$!%", max_size=80))
def test_no_text_crashes_the_parser(text: str) -> None:
    try:
        for reading in readings(text):
            same_answer(reading.answer, reading.answer)
            same_answer(parse_answer(tokenize("1")), reading.answer)
    except MathError:
        pass


_MARKS = st.sampled_from("5xi^_/{}()+=,!%①²٣½\ud800")
_LONGER = st.sampled_from(
    ["9" * 4_500, "0." + "1" * 4_200, "10^{308}", r"\frac", r"\sqrt", r"\max", r"\binom", r"\text{m}", r"\pm"]
)


@settings(deadline=None)
@given(st.lists(_MARKS | _LONGER | st.text(max_size=3), max_size=8).map("".join))
def test_any_text_as_an_answer_gets_a_score(text: str) -> None:
    for reference in ("5", r"5\text{ m}", "x=5", "2x+4y=8"):
        assert grade("math", f"\\boxed{{{text}}}", reference).score is not None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("①", id="a-digit-that-int-does-not-read"),
        pytest.param("5①/②", id="as-a-mixed-number"),
        pytest.param(r"\frac①2", id="as-a-numerator"),
        pytest.param(r"5\text{ m}^①", id="as-a-power-of-a-unit"),
        pytest.param(rf"5\frac{{{'1' * 4_500}}}{{3}}", id="more-digits-than-int-reads"),
        pytest.param(r"\max(5)", id="too-few-operands"),
        pytest.param(r"\abs(1,2)", id="too-many-operands"),
        pytest.param("C(1,2,3)", id="too-many-to-choose-from"),
        pytest.param(r"10^{308}\cdot1.5(1+i)", id="a-size-that-no-double-holds"),
    ],
)
def test_an_odd_text_as_an_answer_is_wrong(answer: str) -> None:
    assert grade("math", f"\\boxed{{{answer}}}", "5").score == 0.0


def test_equations_whose_ratio_no_double_holds_differ() -> None:
    assert grade("math", r"\boxed{10^{308}x=10^{308}y}", "0.00001x=0.00003y").score == 0.0


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (r"\frac{1}{2}", Value),
        ("(1, 2)", Group),
        ("1, 2", Group),
        (r"(0,1) \cup [2,3)", Union),
        ("x = 5", Relation),
        (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", Matrix),
        (r"5 \text{ cm}", Value),
    ],
)
def test_the_structure_of_an_answer(text: str, kind: type) -> None:
    assert isinstance(parse_answer(tokenize(text)), kind)


@pytest.mark.parametrize(
    "text", ["(" * 200 + "1" + ")" * 200, "{" * 200 + "1" + "}" * 200, "x+" * 5_000 + "1"]
)
def test_depth_and_length_are_bounded(text: str) -> None:
    with pytest.raises((OverBudgetError, UnreadableError)):
        parse_expression(tokenize(text))


def test_commas_are_read_in_every_way() -> None:
    assert [len(reading.tokens) for reading in readings("1,234")] == [1, 3]
    assert [len(reading.tokens) for reading in readings("1,22")] == [3, 1]
