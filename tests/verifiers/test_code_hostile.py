"""What a candidate may answer to break the verifier, to hang it or to steer its tests: it is graded 0."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from sandboxes import Limits
from tests.verifiers.code_tools import run, score
from verifiers.code import free_form
from verifiers.code.calls import _frame
from verifiers.types import Verdict

SQUARE: JsonValue = {"asserts": ["assert square(2) == 4"]}
CALLS: JsonValue = {"fn_name": "square", "inputs": [[2]], "outputs": [4]}
BOMB = """
class Constant(tuple):
    def __hash__(self): return 1
def square(x):
    value = Constant((1,))
    for _ in range(40):
        value = Constant((value, value))
    return {value}
"""
EQUAL_TO_ALL = """
class Any:
    def __init__(self, *_): pass
    def __eq__(self, _): return True
    def __lt__(self, _): return True
    def __gt__(self, _): return True
    def __sub__(self, _): return 0
    def __rsub__(self, _): return 0
    def __abs__(self): return 0
    def __contains__(self, _): return True
    def __float__(self): return 4.0
    def __bool__(self): return False
"""


def forging(frame: bytes) -> str:
    """A function that writes its own frame and is gone."""
    return f"""
import os
def square(x):
    frame = {frame!r}
    os.write(3, len(frame).to_bytes(4, "big") + frame)
    os._exit(0)
"""


@pytest.mark.parametrize("truth", [SQUARE, CALLS], ids=["asserts", "calls"])
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"{}", id="empty"),
        pytest.param(b'{"ok": 5}', id="no-table"),
        pytest.param(b'{"ok": [["c", ["0x1p99999", "0x0p0"]]]}', id="complex-overflow"),
        pytest.param(b'{"ok": [["f", 1' + b"0" * 400 + b"]]}", id="float-overflow"),
        pytest.param(b'{"ok": [["n", 1' + b"0" * 5_000 + b"]]}", id="5000-digits"),
        pytest.param(b'{"ok": [["v", "\\ud800"]]}', id="lone-surrogate"),
        pytest.param(b'{"ok": [["v", 4]]}', id="value-without-arguments"),
        pytest.param(b'{"raised": 5}', id="raised-no-list"),
        pytest.param(b'{"raised": [["Bad"], "\\ud800"]}', id="raised-lone-surrogate"),
        pytest.param(b'{"raised": [[5], {}]}', id="raised-no-names"),
        pytest.param(b'{"ended": "unmade"}', id="ended"),
        pytest.param(b'{"broken": "no"}', id="broken"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_a_forged_frame_is_a_wrong_answer(frame: bytes, truth: JsonValue) -> None:
    verdict = run(forging(frame), truth)
    assert verdict.score == 0.0
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda parts: st.lists(parts, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(_JSON | st.dictionaries(st.sampled_from(["ok", "raised", "ended", "broken"]), _JSON, max_size=2))
def test_any_line_gives_a_frame_of_the_documented_form(line: object) -> None:
    ((kind, content),) = _frame(json.dumps(line)).items()
    assert isinstance(content, list if kind in ("ok", "raised") else str)


@pytest.mark.parametrize("truth", [SQUARE, CALLS], ids=["asserts", "calls"])
def test_a_value_that_unfolds_without_end_is_a_wrong_answer(truth: JsonValue) -> None:
    assert run(BOMB, truth).score == 0.0


@pytest.mark.parametrize(
    "error",
    ["StopIteration", "StopAsyncIteration", "GeneratorExit", "SystemExit(0)", "KeyboardInterrupt", "Own"],
)
@pytest.mark.parametrize(
    "tests",
    [
        "assert all(map(lambda pair: square(pair[0]) == pair[1], [(1, 1), (2, 4)]))",
        "for given, wanted in zip(map(square, [1, 2]), [1, 4]):\n    assert given == wanted",
        "square(2)",
    ],
    ids=["all", "zip", "bare"],
)
def test_no_exception_of_the_candidate_ends_a_loop_of_the_tests(error: str, tests: str) -> None:
    own = "class Own(StopIteration): pass\n"
    assert score(f"{own}def square(x): raise {error}", tests) == 0.0


@pytest.mark.parametrize("error", ["ImportError('x')", "ModuleNotFoundError('numpy')"])
def test_an_import_that_fails_in_the_candidate_is_its_own_failure(error: str) -> None:
    assert run(f"def square(x): raise {error}", SQUARE).score == 0.0


@pytest.mark.parametrize(
    "tests",
    [
        "assert f(2) == 4",
        "assert abs(f(2) - 4) < 1e-6",
        "assert not f(2) - 4",
        "assert 4 - f(2) < 1",
        "assert f(2) < 5",
        "assert 4 in f(2)",
        "assert f(2) in [4]",
        "assert {f(2)} == {4}",
        "assert {4: True}[f(2)]",
        "import math\nassert math.isclose(f(2), 4)",
    ],
)
@pytest.mark.parametrize("made", ["def f(x): return Any()", "class f(Any): pass"], ids=["returned", "called"])
def test_an_object_of_the_candidate_equals_no_plain_value(made: str, tests: str) -> None:
    assert score(f"{EQUAL_TO_ALL}{made}", tests) == 0.0


def test_tests_that_last_as_long_as_the_candidate_says_are_not_our_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(free_form, "TEST_PROGRAM_LIMITS", Limits(cpu_s=1.0))
    verdict = run("def f(x): return 10**12", {"functional": "for _ in range(f(2)): pass"})
    assert (verdict.score, verdict.reason) == (0.0, "candidate_timeout")


def test_what_the_candidate_returned_cannot_make_a_call_beyond_us() -> None:
    for value in ("iter([1])", "{1: 2}.items()", "object()", "[[]] * 200_000", "lambda: 1"):
        assert score(f"def f(x): return {value}\ndef g(*x): return 0", "assert g(f(1), f(1)) == 1") == 0.0


def test_a_nan_is_told_in_the_evidence() -> None:
    verdict = run("def f(x): return float('nan')", {"asserts": ["assert not abs(f(2) - 4) > 1e-6"]})
    assert verdict.evidence["nan"] is True
