"""Final answers: which pairs of reference and answer are equal, and which only look so."""

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.errors import GroundTruthError
from verifiers.math.verifier import MathVerifier
from verifiers.types import VerdictStatus, VerifyRequest

EQUAL: list[tuple[str, str]] = [
    ("10", "10.0"),
    ("1/3", r"\frac{1}{3}"),
    (r"\frac{3}{4}", "0.75"),
    (r"3\frac{1}{2}", "3.5"),
    (r"3\frac{1}{2}", r"\frac{7}{2}"),
    (r"2\sqrt{2}", r"\sqrt{8}"),
    (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}"),
    (r"\{1,2,3\}", r"\{3,2,1\}"),
    ("(1,2)", "(1, 2)"),
    ("x=5", "5"),
    ("5", "x = 5"),
    (r"(-\infty,2]", r"x \le 2"),
    (r"(2,\infty)", "x > 2"),
    ("[1,3]", r"1 \leq x \leq 3"),
    ("x^2-1", "(x-1)(x+1)"),
    (r"\sin^2 x + \cos^2 x", "1"),
    (r"e^{i\pi}", "-1"),
    (r"\log_2 8", "3"),
    (r"\ln e^2", "2"),
    (r"120^\circ", "120"),
    (r"12\text{ cm}", "12"),
    ("12", r"12 \text{ cm}"),
    (r"50\%", "0.5"),
    (r"50\%", r"\frac12"),
    (r"\$5.50", "5.5"),
    ("5{,}000", "5000"),
    ("5,000", "5000"),
    (r"\text{Tuesday}", "Tuesday"),
    ("yes", r"\text{Yes}"),
    (r"\binom{5}{2}", "10"),
    ("5!", "120"),
    ("2^{10}", "1024"),
    ("10^{-3}", "0.001"),
    (r"3 \times 10^5", "300000"),
    (r"\pm 3", "3, -3"),
    (r"1 \pm \sqrt{2}", r"1+\sqrt2, 1-\sqrt2"),
    ("y = 2x + 3", "y=3+2x"),
    ("y=2x+3", "2x+3"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix}1\\2\end{bmatrix}"),
    (r"\frac{x+1}{x-1}", r"\frac{1+x}{x-1}"),
    ("a^2+2ab+b^2", "(a+b)^2"),
    (r"\tan\theta", r"\frac{\sin\theta}{\cos\theta}"),
    (r"\sqrt[3]{27}", "3"),
    ("|{-3}|", "3"),
    (r"-\frac{1}{2}", r"\frac{-1}{2}"),
    (r"-\frac{1}{2}", "-0.5"),
    (r"\frac{1}{-2}", r"-\frac12"),
    ("0.333333333", r"\frac13"),
    ("3.14", r"\pi"),
    ("1.41", r"\sqrt{2}"),
    (r"\infty", r"+\infty"),
    (r"\emptyset", r"\varnothing"),
    (r"\text{no solution}", r"\text{No solution}"),
    (r"(0,1)\cup(2,3)", r"(2,3)\cup(0,1)"),
    (r"x\in\{1,2\}", "1, 2"),
    ("3:4", r"\frac{3}{4}"),
    ("3:4", "3 : 4"),
    ("2+3i", "3i+2"),
    (r"\frac{1+i}{2}", "0.5+0.5i"),
    ("n(n+1)/2", r"\frac{n^2+n}{2}"),
    ("2^{n+1}", r"2\cdot 2^n"),
    (r"\sqrt{x^2}", "|x|"),
    (r"\log(ab)", r"\log a + \log b"),
    ("1000000", "10^6"),
    ("1.5", r"1\frac{1}{2}"),
    ("x<3", "3>x"),
    ("2x+4y=8", "x+2y=4"),
    ("(3,4)", "x=3, y=4"),
    ("a=1,b=2", "b=2,a=1"),
    (r"\frac{22}{7}", r"\dfrac{22}{7}"),
    (r"4\sqrt{3}-2", r"-2+4\sqrt{3}"),
    (r"\text{A}", "A"),
    ("C", r"\textbf{(C)}"),
    (r"\frac{1}{2}\ln 2", r"\ln\sqrt2"),
    (r"7\text{ hours}", "7 hours"),
    (r"12\pi\text{ square inches}", r"12\pi"),
    (r"6\text{ feet}", r"6\text{ ft}"),
    (r"100\text{ km/h}", "100"),
    ("90", r"90^{\circ}"),
    ("2/3", "0.6666666667"),
    ("18.5", r"18\frac{1}{2}"),
    (r"\left\lfloor 3.7\right\rfloor", "3"),
    (r"\{x : x > 2\}", r"(2,\infty)"),
    (r"\mathbb{R}", r"(-\infty,\infty)"),
    (r"x \ne 1", r"x \neq 1"),
    ("-2<x<5", "(-2,5)"),
    (r"k=\frac{1}{4}", "0.25"),
    ("f(x)=x^2", "x^2"),
    ("1,2,4", r"1, 4 \text{ and } 2"),
    (r"30^\circ", r"\angle A = 30^\circ"),
    (r"5 \text{ or } -5", r"\pm5"),
    ("(x+2)(x+3)", "x^2+5x+6"),
    ("4x^3", "4 x^{3}"),
    (r"\sqrt{2}+1", r"\frac{1}{\sqrt2-1}"),
    (r"5\cdot 3^{n-1}", r"\frac{5}{3}\cdot 3^n"),
    (r"\frac{n!}{2}", r"\frac{n!}{2!}"),
    (r"10\text{ m/s}", "10 m/s"),
    (r"10\text{ m/s}", r"10 \frac{\text{m}}{\text{s}}"),
    (r"10\text{ m/s}", r"10\,\mathrm{m\,s^{-1}}"),
    (r"12\text{ m}^2", "12 m^2"),
    (r"12\text{ cm}", r"120\text{ mm}"),
    ("10", "€10"),
    ("10", "£10"),
    (r"30^\circ", r"30 \deg"),
    (r"\frac12", r"\frac{m}{n}=\frac12"),
    (r"\text{none}", r"\emptyset"),
    (r"\text{none}", r"\text{no solution}"),
    (r"\{1,2\}", r"\{1,2,2\}"),
    ("-5", "－5"),
    ("5", r"\text{Answer}: 5"),
]

DIFFERENT: list[tuple[str, str]] = [
    ("10", "11"),
    ("0.5", "0.54"),
    ("0.5", r"\frac{27}{50}"),
    ("1/3", "0.33"),
    ("3", r"3 \text{ or } 4"),
    ("(1,2)", "(2,1)"),
    ("(1,2)", "[1,2]"),
    ("[1,2)", "[1,2]"),
    (r"\{1,2\}", r"\{1,2,3\}"),
    ("5", "-5"),
    ("50", "0.5"),
    ("50", "5000"),
    (r"12\text{ cm}", r"12\text{ m}"),
    ("x>2", r"x\ge2"),
    ("x>2", "x<2"),
    ("x+1", "x+2"),
    (r"\frac{1}{2}", r"\int_0^1 x dx"),
    ("55", r"\sum_{k=1}^{10}k"),
    ("7", "x"),
    (r"\text{Tuesday}", "Wednesday"),
    (r"\sqrt{2}", "1.41"),
    (r"\pi", "3.14"),
    (r"\pi", "22/7"),
    (r"\infty", r"-\infty"),
    ("0", "10^{-30}"),
    ("0", "e^{-100}"),
    ("1", "0.999999"),
    ("(0,1)", "0,1,2"),
    ("x", "y"),
    ("2^{100}", "2^{101}"),
    ("100!", "99!"),
    ("3", "3x"),
    ("5", "5 = 6"),
    ("7", "6<x<8"),
    ("4", "4,4,5"),
    (r"\sqrt{x^2}", "x"),
    ("x=3", "y=3"),
    ("f(x)=2x", "f(x)=3x"),
    ("A", "B"),
    ("yes", "no"),
    ("1,2,3", "1,2"),
    ("1", r"1 \text{ and } 1.5"),
    ("12", "1 2"),
    ("12", "1,2"),
    ("123", "1,23"),
    ("0.1", "1/11"),
    (r"\frac{\pi}{2}", "90"),
    ("3", "|x|=3"),
    ("10", r"\log x"),
    (r"\text{odd}", r"\text{even}"),
    ("6", "3!!"),
    ("2", r"\sqrt{-4}"),
    ("5", r"\text{five or six}"),
    ("x^2", "x^2+C"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&2\\3&5\end{pmatrix}"),
    ("8", "2^3=9"),
    (r"(2,\infty)", r"[2,\infty)"),
    ("1", r"\frac{0}{0}"),
    ("1", r"\lim_{x\to0}\frac{\sin x}{x}"),
    ("5", "5a"),
    ("12", "12!"),
    ("16", r"4^2 \text{ or } 17"),
    ("x=1,x=2", "x=1"),
    ("2", "2,2,3"),
    ("3:4", "4:3"),
    (r"\{1\}", r"\{1,2\}"),
    ("1+2i", "1-2i"),
    ("72", r"7.2 \times 10^2"),
    ("1,2", "[1,2]"),
    ("[1,2]", "1,2"),
    ("5", r"\text{not}=5"),
    (r"10\text{ m/s}", "10 m s"),
    (r"12\text{ m}^2", "12 m"),
    (r"12\text{ cm}", r"12\text{ mm}"),
    (r"12\text{ cm}", r"120\text{ ms}"),
    ("€10", r"\$10"),
    (r"\{1,2\}", r"\{1,1\}"),
    ("1,2", "1,2,2"),
    ("5", r"\text{wrong answer}=5"),
    ("5", r"5=\text{wrong}"),
]


@pytest.mark.parametrize(("reference", "answer"), EQUAL)
def test_equal(reference: str, answer: str) -> None:
    verdict = grade("math", f"Hence the answer is $\\boxed{{{answer}}}$.", reference)
    assert (verdict.status, verdict.score) == (VerdictStatus.GRADED, 1.0), verdict


@pytest.mark.parametrize(("reference", "answer"), DIFFERENT)
def test_different(reference: str, answer: str) -> None:
    verdict = grade("math", f"Hence the answer is $\\boxed{{{answer}}}$.", reference)
    assert (verdict.status, verdict.score) == (VerdictStatus.GRADED, 0.0), verdict


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("9^{9^{9^{9}}}", id="tower"),
        pytest.param("(10^9)!", id="factorial"),
        pytest.param(r"\binom{10^9}{5\cdot 10^8}", id="binomial"),
        pytest.param("1" * 20_000, id="digits"),
        pytest.param("(" * 500 + "1" + ")" * 500, id="parentheses"),
        pytest.param(r"\frac{1}{" * 300 + "1" + "}" * 300, id="fractions"),
        pytest.param("1," * 5_000, id="list"),
    ],
)
def test_an_answer_that_would_break_the_grader_is_wrong(answer: str) -> None:
    verdict = grade("math", f"\\boxed{{{answer}}}", "7")
    assert (verdict.score, verdict.reason) == (0.0, "answer_over_budget")


@pytest.mark.parametrize(
    "answer",
    [
        "__import__('os').system('true')",
        r"\operatorname{open}('x','w')",
        r"\text{__import__('os')}",
        "Symbol('x').__class__",
        r"\pi+open('x','w').write('y')+1",
    ],
)
def test_code_in_an_answer_is_only_a_wrong_answer(
    answer: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert grade("math", f"\\boxed{{{answer}}}", "5").score == 0.0
    assert not list(__import__("pathlib").Path(str(tmp_path)).iterdir())


@pytest.mark.parametrize(
    "answer",
    [
        r"1\cdot\frac{d}{dx}(5x)",
        r"-\frac{d}{dx}(-5x)",
        r"\frac{d(5x)}{dx}",
        r"\tfrac d{dx}5x",
        r"\frac{\mathrm{d}}{\mathrm{d}\theta}(5\theta)",
        r"{d \over dx}(5x)",
        "d/dx(5/x)",
        r"\frac{\partial}{\partial x}(5x)",
    ],
)
def test_a_derivative_that_is_left_to_be_worked_out_is_no_answer(answer: str) -> None:
    assert grade("math", f"\\boxed{{{answer}}}", "5").score == 0.0


def test_a_d_that_is_a_number_is_one() -> None:
    assert grade("math", r"\boxed{\frac{d+1}{d}}", r"1+\frac1d").score == 1.0
    assert grade("math", r"\boxed{\frac{d-1}{dx}}", r"\frac1x-\frac1{dx}").score == 1.0
    assert grade("math", r"\boxed{\frac{dy}{dx}=2x}", "2x").score == 1.0


@pytest.mark.parametrize(
    "answer", ["A; B", "(A) (B)", "(A)(B)", "A. B. C. D.", "A: B", "A) B)", "A. Either A or B", "A; not B, C"]
)
def test_several_letters_are_not_one_of_them(answer: str) -> None:
    assert grade("math", f"\\boxed{{{answer}}}", "A").score == 0.0


@pytest.mark.parametrize(
    "answer", ["(A) Argon", "A. Vitamin C", "(A) I and II", r"\textbf{(A) } 5", "A: F = ma", "A. A boat"]
)
def test_a_letter_may_stand_before_its_option(answer: str) -> None:
    assert grade("math", f"\\boxed{{{answer}}}", "A").score == 1.0


@pytest.mark.parametrize("reference", ["", "  ", None, [], {"a": 1}, True, "x" * 30_000])
def test_a_reference_that_is_no_answer_is_an_error(reference: object) -> None:
    with pytest.raises(GroundTruthError):
        grade("math", r"\boxed{1}", reference)  # type: ignore[arg-type]


def test_a_number_may_be_a_reference() -> None:
    assert grade("math", r"\boxed{7}", 7).score == 1.0
    assert grade("math", r"\boxed{\frac{1}{2}}", 0.5).score == 1.0


def test_a_reference_may_be_a_whole_solution() -> None:
    assert grade("math", r"\boxed{7}", r"First we see that \boxed{7}.").score == 1.0
    assert grade("math", r"\boxed{1, 2}", r"\boxed{1} and \boxed{2}").score == 1.0


def test_what_the_parser_cannot_read_goes_to_the_symbolic_stage() -> None:
    verdict = grade("math", r"\boxed{\int_{a}^{b} x\,dx}", r"\int_a^b x dx")
    assert verdict.score == 1.0
    verdict = grade("math", r"\boxed{\sum_{k=1}^{n} 2k}", r"2\sum_{k=1}^{n} k")
    assert (verdict.score, verdict.evidence["stage"]) == (1.0, "symbolic")


def test_closing_a_verifier_ends_its_symbolic_server() -> None:
    verifier = MathVerifier()
    request = VerifyRequest(
        verifier="math", response=r"\boxed{\sum_{k=1}^{n} 2k}", ground_truth=r"2\sum_{k=1}^{n} k"
    )
    assert verifier.verify(request).score == 1.0
    verifier.close()
    assert verifier.verify(request).score == 1.0  # and a new one starts when it is needed again
    verifier.close()
