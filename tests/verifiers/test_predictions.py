"""Predicted inputs and outputs of programs: compared as data, run only in a sandbox."""

import time

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.errors import GroundTruthError

ADD_ONE = {"functional": "def f(x):\n    return x + 1"}
SAME = {"functional": "def f(a, b=0):\n    return (a, b)"}
PAIR = {"functional": "def f(a, b=0):\n    return (a, {b})"}


@pytest.mark.parametrize(
    ("response", "score"),
    [
        pytest.param('```json\n{"output": {"n": 3, "ok": true}}\n```', 1.0, id="as-asked"),
        pytest.param('```json\n{"n": 3.0, "ok": true}\n```', 1.0, id="no-wrapper"),
        pytest.param('\\boxed{{"output": {"n": 3, "ok": true}}}', 1.0, id="boxed"),
        pytest.param(
            "```python\nprint(1)\n```\n```json\n{'n': 3, 'ok': True}\n```", 1.0, id="another-fence-first"
        ),
        pytest.param(
            '```json\n{"n": 1}\n```\nNo:\n```json\n{"n": 3, "ok": true}\n```', 1.0, id="the-last-fence"
        ),
        pytest.param('It returns {"output": {"n": 3, "ok": true}}.', 1.0, id="in-the-text"),
        pytest.param('```json\n{"output": {"n": "3", "ok": true}}\n```', 0.0, id="text-for-number"),
        pytest.param('```json\n{"output": {"n": 3, "ok": 1}}\n```', 0.0, id="number-for-truth"),
        pytest.param('```json\n{"output": {"n": 3}}\n```', 0.0, id="key-missing"),
    ],
)
def test_codeio(response: str, score: float) -> None:
    assert grade("codeio", response, '"output": {"n": 3, "ok": true}').score == score


@pytest.mark.parametrize(
    ("recorded", "given", "score"),
    [
        ("1000000006", "1000000007.0", 0.0),
        ("5", "5.0", 1.0),
        ("0.3", "0.30000000000000004", 1.0),
        ("5.0", "5", 1.0),
    ],
)
def test_codeio_takes_a_neighbouring_integer_for_wrong(recorded: str, given: str, score: float) -> None:
    assert grade("codeio", f'```json\n{{"output": {given}}}\n```', f'"output": {recorded}').score == score


def test_objects_that_never_close_are_not_read_again_and_again() -> None:
    start = time.process_time()
    grade("codeio", ('{"a":[' + "1," * 900) * 200 + "}", '"output": 3')
    assert time.process_time() - start < 2  # 8 s where each of them is read to the end
    assert grade("codeio", "{" * 300 + ' so {"output": {"n": 3}}', '"output": {"n": 3}').score == 1.0


@pytest.mark.parametrize("reference", ["3", '"result": 3', {"x": 1}, 3])
def test_a_codeio_reference_needs_an_output_or_an_input(reference: object) -> None:
    with pytest.raises(GroundTruthError):
        grade("codeio", "x", reference)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("response", "truth", "score"),
    [
        pytest.param("```python\nassert f(1) == 2\n```", ADD_ONE, 1.0, id="right"),
        pytest.param("<answer>assert 2 == f(x=1)</answer>", ADD_ONE, 1.0, id="sides-and-keywords"),
        pytest.param("assert f(1, b='x') == (1, {'x'})", PAIR, 1.0, id="tuples-and-sets"),
        pytest.param("```python\nassert f([1,\n 2]) == ([1, 2],\n0)\nok\n```", SAME, 1.0, id="over-lines"),
        pytest.param('assert f(1, **{"b": 2}) == (1, 2)', SAME, 1.0, id="keywords-in-a-mapping"),
        pytest.param("assert f(*[1, 2]) == (1, 2)", SAME, 1.0, id="arguments-in-a-list"),
        pytest.param('assert f(**{"a": 1}) == (1, 1)', SAME, 0.0, id="no-argument-gets-lost"),
        pytest.param('assert f(1, b=1, **{"b": 2}) == (1, 2)', SAME, 0.0, id="a-keyword-twice"),
        pytest.param("assert f(1,\n" * 200, SAME, 0.0, id="never-ends"),
        pytest.param("```python\nassert f(1) == 3\n```", ADD_ONE, 0.0, id="wrong"),
        pytest.param("```python\nassert f(1) == f(1)\n```", ADD_ONE, 0.0, id="itself"),
        pytest.param("```python\nassert True\n```", ADD_ONE, 0.0, id="no-call"),
        pytest.param("```python\nassert f(1) == 3 or True\n```", ADD_ONE, 0.0, id="or-true"),
        pytest.param(
            "```python\nassert f(__import__('os').getpid()) == 2\n```", ADD_ONE, 0.0, id="code-as-argument"
        ),
        pytest.param("assert f('a') == 'a1'", ADD_ONE, 0.0, id="the-function-raises"),
    ],
)
def test_cruxeval(response: str, truth: dict[str, str], score: float) -> None:
    assert grade("cruxeval", response, truth).score == score  # type: ignore[arg-type]


def test_cruxeval_must_answer_what_was_asked() -> None:
    given_input = "```python\ndef f(x):\n    return x + 1\nassert f(1) == ??\n```"
    given_output = "```python\ndef f(x):\n    return x + 1\nassert f(??) == 2\n```"
    for prompt in (given_input, given_output):
        assert grade("cruxeval", "assert f(1) == 2", ADD_ONE, prompt=prompt).score == 1.0  # type: ignore[arg-type]
        other = grade("cruxeval", "assert f(5) == 6", ADD_ONE, prompt=prompt)  # type: ignore[arg-type]
        assert (other.score, other.reason) == (0.0, "other_question")


def test_a_cruxeval_question_that_no_literals_answer_is_an_error() -> None:
    with pytest.raises(GroundTruthError, match="Counter"):
        grade("cruxeval", "assert f(1) == 2", ADD_ONE, prompt="assert f(x=Counter(5)) == ??")  # type: ignore[arg-type]


def test_cruxeval_reads_the_last_question_that_can_be_read() -> None:
    prompt = "assert f(??) == 2\nAnswer as `assert f(??) == <value>`."
    assert grade("cruxeval", "assert f(1) == 2", ADD_ONE, prompt=prompt).score == 1.0  # type: ignore[arg-type]
    assert grade("cruxeval", "assert f(2) == 3", ADD_ONE, prompt=prompt).score == 0.0  # type: ignore[arg-type]
