"""Where the final answer of a solution stands, and when there is none or more than one."""

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.math.extract import final_answer


@pytest.mark.parametrize(
    ("reference", "response", "score"),
    [
        ("7", r"So the answer is \boxed{7}. Check: $3+4=7$.", 1.0),
        ("7", "We get 7 or 8.", 0.0),
        ("7", r"\boxed{7} or \boxed{8}", 0.0),
        ("7", r"<think>\boxed{9}</think> The answer is \boxed{7}", 1.0),
        ("7", "<answer>7</answer>", 1.0),
        ("7", "<answer>\n The result is 7\n</answer>", 1.0),
        ("7", "The answer is 7.", 1.0),
        ("7", "The answer is seven", 0.0),
        ("7", "Answer: 7\nAnswer: 8", 0.0),
        ("7", "Final Answer: 7", 1.0),
        ("7", "**Answer:** 7", 1.0),
        ("7", "### Answer\n7", 1.0),
        ("7", "x = 7", 1.0),
        ("-3", "Hence x equals -3.", 1.0),
        ("1/2", "the probability is 1/2.", 1.0),
        ("0.5", "= 0.5", 1.0),
        ("12", "12 apples", 1.0),
        ("42", "it is forty two", 0.0),
        ("42", r"\boxed{42} (not \boxed{43})", 0.0),
        ("42", r"Maybe 41? No: \boxed{42}", 1.0),
        ("42", "#### 42", 1.0),
        ("1,2", r"\boxed{1}, \boxed{2}", 1.0),
        ("5", r"The final answer is: $\boxed{5}$ I hope it is correct.", 1.0),
        ("5", r"\[\boxed{5}\]", 1.0),
        ("5", r"\boxed{x=5}", 1.0),
        ("3", "$$3$$", 1.0),
        ("3", r"\(3\)", 1.0),
        ("3", r"\boxed{3}}", 1.0),
        ("3", r"\boxed{3", 1.0),
        ("3", r"\boxed 3", 1.0),
        ("3", r"\fbox{3}", 1.0),
        ("3", "", 0.0),
        ("3", r"\boxed{}", 0.0),
        ("3", "I think it is 4", 0.0),
        ("3", "3, or possibly 4", 0.0),
        ("3", "Between 2 and 3", 0.0),
        (r"\text{Evelyn}", r"\boxed{Evelyn}", 1.0),
        (r"\text{Evelyn}", "The answer is Evelyn.", 1.0),
        ("B", r"\boxed{B}", 1.0),
        ("B", "(B) 12", 1.0),
        ("B", "The correct option is (B).", 1.0),
        ("120", "120 degrees", 1.0),
        ("5", r"\boxed{5\text{ cm}}", 1.0),
        ("x^2+1", "$f(x)=x^2+1$", 1.0),
        ("2", "Let $y=2$. Then $x=3$", 0.0),
        ("3", "Let $y=2$. Then $x=3$", 1.0),
        ("100", "The total is $100 dollars.", 1.0),
        ("9", "is 3^2 = 9", 1.0),
        ("70", r"The answer is $\boxed{070}$", 1.0),
        ("6", r"The answer is \boxed{\text{six}}", 0.0),
        (r"\frac{1}{2}", r"The final answer is $\frac{1}{2}$.", 1.0),
        ("10", "There are 10 ways.", 1.0),
        ("5", "It is 4 or it is 5", 0.0),
        ("5", "$5$ is not the answer", 0.0),
        ("5", "we rule out 5", 0.0),
        ("5", "we can exclude x = 5", 0.0),
        ("5", "Hence $x = 5$ is impossible.", 0.0),
        ("5", "The value 5 is clearly wrong.", 0.0),
        ("5", "so is it 5?", 0.0),
        ("5", "so y = 2 and we get x = 5", 1.0),
        ("5", "There are 5 ways that do not repeat.", 1.0),
        ("5", "We discard $x=-5$. Hence $x=5$.", 1.0),
        ("5", r"\boxed 5 or 6", 0.0),
        ("5", r"\boxed{5} or $6$", 0.0),
        ("0.5", r"\boxed{\frac{1}{2}} or 0.5", 1.0),
        ("5", r"so \boxed{5}. \boxed{}", 1.0),
    ],
)
def test_final_answers(reference: str, response: str, score: float) -> None:
    assert grade("math", response, reference).score == score


@pytest.mark.parametrize(
    ("response", "parts"),
    [
        pytest.param(r"\boxed{1} and \boxed{2}", ("1", "2"), id="joined-by-and"),
        pytest.param(r"\boxed{1}, \boxed{2}, \boxed{3}", ("1", "2", "3"), id="joined-by-commas"),
        pytest.param(
            r"\boxed{(3,3)} \text{ for part (a) and } \boxed{(1,1)}", ("(3,3)", "(1,1)"), id="parts"
        ),
        pytest.param(r"first \boxed{1} then \boxed{2}", ("2",), id="steps"),
        pytest.param(r"\boxed{1}. So we get $\boxed{2}$", ("2",), id="sentences"),
        pytest.param(r"\boxed{7} \boxed{7}", ("7",), id="repeated"),
    ],
)
def test_only_boxes_that_stand_together_are_one_answer(response: str, parts: tuple[str, ...]) -> None:
    answer = final_answer(response)
    assert answer is not None
    assert answer.parts == parts
