"""How answers are read: units, sets of real numbers, spellings, and texts made to break the reader."""

import threading
from fractions import Fraction

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.math.answers import parse_answer
from verifiers.math.conclusions import conclusion_of
from verifiers.math.errors import OverBudgetError, UnreadableError
from verifiers.math.expressions import parse_expression
from verifiers.math.extract import final_answer
from verifiers.math.numeric import precise
from verifiers.math.regions import pieces_of
from verifiers.math.spelling import respelled
from verifiers.math.tokens import tokenize
from verifiers.math.units import read_unit


@pytest.mark.parametrize(
    ("text", "unit", "factor"),
    [
        (r"5\text{ square centimeters}", "cm^2", 1),
        (r"5\text{ cm}^2", "cm^2", 1),
        (r"5\text{ miles per hour}", "h^-1 mi", 1),
        (r"5\text{ mph}", "h^-1 mi", 1),
        (r"5\,\mathrm{m/s}^2", "m s^-2", 1),
        (r"5\text{ million dollars}", "dollar", 10**6),
        (r"5\text{ square units}", "", 1),
    ],
)
def test_units_have_one_spelling(text: str, unit: str, factor: int) -> None:
    assert read_unit(tokenize(text)[1:]) == (unit, Fraction(factor))


@pytest.mark.parametrize("text", [r"\text{ or }6", r"\text{ vs }6", r"\text{ if }x", r"\text{ cm, not }6"])
def test_what_is_no_unit_is_no_value_either(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_unit(tokenize(f"5{text}")[1:])


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("alternatively thirteen", id="hedges"),
        pytest.param("Thirteen", id="counts"),
        pytest.param("plus one", id="operates"),
        pytest.param("times pi", id="multiplies"),
        pytest.param("half", id="a-part"),
        pytest.param("permille", id="a-thousandth"),
        pytest.param("squared", id="a-power-of-no-unit"),
        pytest.param("negative", id="a-sign"),
        pytest.param("less than", id="compares"),
        pytest.param("is wrong", id="denies"),
        pytest.param("apples bananas pears plums", id="too-many"),
        pytest.param("cm} x \\text{", id="a-symbol"),
    ],
)
def test_words_behind_a_number_that_change_it_are_no_unit(words: str) -> None:
    assert grade("math", rf"\boxed{{12\text{{ {words}}}}}", "12").score == 0.0


@pytest.mark.parametrize(
    "words", ["apples", "ordered pairs", "square inches", "cents per minute", "times", "of the red balls"]
)
def test_a_unit_may_be_left_out(words: str) -> None:
    assert grade("math", rf"\boxed{{12\text{{ {words}}}}}", "12").score == 1.0
    assert grade("math", r"\boxed{12}", rf"12\text{{ {words}}}").score == 1.0


@pytest.mark.parametrize(
    "same",
    [
        pytest.param((r"x<-8\text{ or }x>8", r"(-\infty,-8)\cup(8,\infty)", "|x|>8"), id="two-half-lines"),
        pytest.param((r"\mathbb{R}\setminus\{1\}", r"x\ne1", r"(-\infty,1)\cup(1,\infty)"), id="a-hole"),
        pytest.param((r"x>-2,x\ne1", r"(-2,1)\cup(1,\infty)"), id="half-line-with-a-hole"),
        pytest.param((r"x\ge-2\text{ and }x<5", "[-2,5)", "[-2,5["), id="overlap"),
    ],
)
def test_a_set_of_reals_has_the_same_pieces_in_every_notation(same: tuple[str, ...]) -> None:
    pieces = [pieces_of(parse_answer(tokenize(text))) for text in same]
    assert None not in pieces
    for others in same[1:]:
        assert grade("math", rf"\boxed{{{others}}}", same[0]).score == 1.0


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1½", r"1\frac{1}{2}"),
        ("10⁻³", "10^{-3}"),
        (r"0.1\overline{6}", r"\frac{15}{90}"),
        ("\u200b7\ufeff", "7"),
        (r"\textcolor{red}{7}", "{7}"),
        (r"\$36", r"36 \text{ dollars}"),
    ],
)
def test_spellings(text: str, plain: str) -> None:
    assert respelled(text) == plain


@pytest.mark.parametrize(
    ("text", "conclusion"),
    [
        ("The point is (2, 3).", "(2, 3)"),
        ("So x = 2, y = 3", "x = 2, y = 3"),
        ("We get $x = 2$ and $y = 3$.", "x = 2, y = 3"),
        ("It is 7 or 8", None),
        ("It is not 7.", None),
    ],
)
def test_what_a_text_ends_in(text: str, conclusion: str | None) -> None:
    assert conclusion_of(text) == conclusion


def test_marks_of_a_chat_template_are_no_part_of_an_answer() -> None:
    answer = final_answer("<|im_start|>assistant\nThe answer is 18<|im_end|>")
    assert answer is not None
    assert answer.parts == ("18",)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(r"\overline{" * 700 + "1" + "}" * 700, id="wrappers"),
        pytest.param(r"\text{1$" * 700 + "}" * 700, id="texts"),
        pytest.param(r"\frac" * 1_400 + "12", id="fractions-without-braces"),
        pytest.param("2" + "^{2" * 700 + "}" * 700, id="towers"),
        pytest.param("2" + "^2" * 1_000, id="towers-without-braces"),
        pytest.param("1" + "+1" * 1_200, id="terms"),
        pytest.param("x" * 2_500, id="factors"),
    ],
)
def test_no_nesting_crashes_the_reader(text: str) -> None:
    with pytest.raises((OverBudgetError, UnreadableError)):
        parse_expression(tokenize(text))


def test_terms_of_very_different_size_are_not_lost() -> None:
    for tiny in ("10^{-15}", "e^{-100}", "e^{-300}", "e^{-2000}"):
        assert grade("math", rf"\boxed{{\sqrt{{2}}+{tiny}}}", r"\sqrt{2}").score == 0.0


def test_steps_are_told_apart_far_from_zero() -> None:
    assert grade("math", r"\boxed{\lceil n/4 \rceil}", r"\lceil n/3 \rceil").score == 0.0
    assert grade("math", r"\boxed{a}", r"\max(a,b)").score == 0.0


def test_threads_do_not_share_a_precision() -> None:
    expression = parse_expression(tokenize(r"\sqrt{2}"))
    found: set[tuple[int, str]] = set()

    def evaluate(digits: int) -> None:
        for _ in range(200):
            found.add((digits, str(precise(expression, {}, digits)[0] ** 2 - 2)))

    threads = [threading.Thread(target=evaluate, args=(digits,)) for digits in (20, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
