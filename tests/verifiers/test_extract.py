"""Where answers stand in responses."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers.extract import after_think, fences, last_boxed, last_tag, unfenced


@pytest.mark.parametrize(
    ("text", "content"),
    [
        pytest.param(r"\boxed{7}", "7", id="plain"),
        pytest.param(r"\boxed{1} then \boxed{2}", "2", id="last-counts"),
        pytest.param(r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", id="nested"),
        pytest.param(r"\boxed{\{1, 2\}}", r"\{1, 2\}", id="escaped-braces"),
        pytest.param(r"\boxed 7.", "7", id="no-braces"),
        pytest.param(r"\fbox{ 7 }", "7", id="fbox"),
        pytest.param(r"\boxed{7", "7", id="cut-off"),
        pytest.param(r"\boxed{}", "", id="empty"),
        pytest.param(r"\boxed", None, id="nothing-behind"),
        pytest.param("{{{{ \\boxed{7}", "7", id="stray-braces-before"),
        pytest.param("7", None, id="no-box"),
    ],
)
def test_the_last_box(text: str, content: str | None) -> None:
    assert last_boxed(text) == content


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("<answer>a</answer> <answer>\n b \n</answer>", "b"),
        ("<ANSWER>a</Answer>", "a"),
        ("<answer>cut off", "cut off"),
        ("answer", None),
    ],
)
def test_the_last_tag(text: str, content: str | None) -> None:
    assert last_tag(text) == content


def test_thinking_is_left_out() -> None:
    assert after_think("<think>\\boxed{1}</think>\\boxed{2}") == "\\boxed{2}"
    assert after_think("\\boxed{1}") == "\\boxed{1}"


def test_fences_come_in_order_with_their_language() -> None:
    text = "a\n```python\nx = 1\n```\nb\n```\ny\n```\n```JSON\n{}"
    assert fences(text) == [("python", "x = 1"), ("", "y"), ("json", "{}")]
    assert unfenced("```\n[1]\n```") == "[1]"
    assert unfenced("`[1]`") == "[1]"


@given(st.text(alphabet="\\{}boxed <answer>/`\n1", max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    last_boxed(text)
    last_tag(text)
    fences(text)


def test_a_megabyte_of_braces_is_scanned_once() -> None:
    start = time.process_time()
    for text in ("\\boxed{" * 150_000, "{" * 1_000_000 + "\\boxed{1}", "\\boxed{1} " * 100_000):
        last_boxed(text)
    assert time.process_time() - start < 10  # quadratic work would take hours
