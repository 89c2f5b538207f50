"""Programs against tests, in a real sandbox: every shape of reference, every limit, and tricks that must not
work."""

import pytest

from tests.verifiers.grading_tools import grade
from verifiers.code.checkers import same_value, text_checker
from verifiers.code.inside.values import Opaque, decode, encode
from verifiers.code.source import find_program
from verifiers.code.truth import MAX_TESTS, StdioTests, read_tests
from verifiers.errors import GroundTruthError
from verifiers.types import Verdict, VerdictStatus

DOUBLE = {"fn_name": "double", "inputs": [[2], [-3], [0]], "outputs": [4, -6, 0]}
ASSERTS = {
    "asserts": ["import math", "assert double(2) == 4", "assert math.isclose(double(1.5), 3.0)"],
    "setup": "",
}
CHECK = {
    "check": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(7) == 14",
    "entry_point": "double",
}
PROGRAM = {"functional": "for i in range(20):\n    assert double(i) == 2 * i, 'no'"}
STDIO = {"inputs": ["2\n", "5\n"], "outputs": ["4\n", "10\n"]}

GOOD = "def double(x):\n    return 2 * x"
GOOD_STDIO = "print(2 * int(input()))"
ALWAYS_EQUAL = """
class E:
    def __eq__(self, other): return True
    def __lt__(self, other): return True
def double(x):
    return E()
"""
LEETCODE = """
class Solution:
    def values(self, node: Optional[int]) -> List[int]:
        return [node.value, node.value + 1]
"""
ACCOUNT = """
class Account:
    def __init__(self, n): self.n = n
    def add(self, k): self.n += k
    def total(self): return self.n
"""
ACCOUNT_TESTS = """
account = Account(10)
account.add(5)
assert account.total() == 15
account.add(1)
assert account.total() == 16
"""
IN_PLACE_TESTS = """
try:
    f([])
    assert False
except ValueError:
    pass
x = [3, 1]
f(x)
assert x == [1, 3]
"""


def run(source: str, truth: object, **extra: object) -> Verdict:
    return grade("code", f"```python\n{source}\n```", truth, **extra)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "truth", [DOUBLE, ASSERTS, CHECK, PROGRAM], ids=["calls", "asserts", "check", "program"]
)
def test_a_right_function_passes_every_shape(truth: object) -> None:
    assert run(GOOD, truth).score == 1.0


@pytest.mark.parametrize(
    "truth", [DOUBLE, ASSERTS, CHECK, PROGRAM], ids=["calls", "asserts", "check", "program"]
)
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def double(x):\n    return 2 * x + (x == 2)", id="wrong-once"),
        pytest.param("import sys\nsys.exit(0)", id="exit-0"),
        pytest.param("import os\nos._exit(0)", id="hard-exit-0"),
        pytest.param(ALWAYS_EQUAL, id="always-equal"),
        pytest.param("def double(x):\n    return str(2 * x)", id="text-for-number"),
        pytest.param("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", id="kills-its-parent"),
        pytest.param("def other(x):\n    return 2 * x", id="other-name"),
        pytest.param("def double(x)\n    return", id="syntax-error"),
    ],
)
def test_wrong_and_dishonest_functions_fail_every_shape(source: str, truth: object) -> None:
    verdict = run(source, truth, time_limit_s=2)
    assert (verdict.status, verdict.score) == (VerdictStatus.GRADED, 0.0)


@pytest.mark.parametrize(
    ("source", "score", "reason"),
    [
        pytest.param(GOOD_STDIO, 1.0, "all_passed", id="right"),
        pytest.param(
            "import sys\nsys.stdout.write(str(2 * int(input())) + '\\r\\n')", 1.0, "all_passed", id="crlf"
        ),
        pytest.param("print(4)", 0.0, "wrong_output", id="first-test-only"),
        pytest.param(
            "import sys\nprint(2 * int(input()), file=sys.stderr)", 0.0, "wrong_output", id="stderr"
        ),
        pytest.param(f"{GOOD_STDIO}\nraise ValueError", 0.0, "candidate_crash", id="crash-after-the-answer"),
        pytest.param(f"{GOOD_STDIO}\nwhile True: pass", 0.0, "candidate_timeout", id="never-ends"),
        pytest.param("x = [0] * 10**9", 0.0, "candidate_memory", id="memory"),
    ],
)
def test_programs_that_read_and_print(source: str, score: float, reason: str) -> None:
    verdict = run(source, STDIO, time_limit_s=1, memory_limit_mb=128)
    assert (verdict.score, verdict.reason) == (score, reason)


def test_a_compiled_language() -> None:
    source = "#include <iostream>\nint main(){long long a; std::cin >> a; std::cout << 2 * a;}"
    response = f"```cpp\n{source}\n```"
    assert grade("code", response, STDIO, language="cpp").score == 1.0  # type: ignore[arg-type]


def test_each_call_starts_from_a_clean_state() -> None:
    memorised = "answers = iter([4, -6, 0])\ndef double(x):\n    return next(answers)"
    assert run(memorised, DOUBLE).score == 0.0


def test_partial_credit_is_an_option() -> None:
    half = "def double(x):\n    return 4"
    assert run(half, DOUBLE).score == 0.0
    assert run(half, DOUBLE, partial=True).score == pytest.approx(1 / 3)
    assert run("print(4)", STDIO, partial=True).score == 0.5


def test_leetcode_shape_with_a_prefix_and_imports_of_the_judge() -> None:
    tests = "def check(candidate):\n    assert candidate(Node(3)) == [3, 4]\ncheck(Solution().values)"
    prefix = "class Node:\n    def __init__(self, value):\n        self.value = value\n"
    assert run(LEETCODE, {"functional": tests}, extra_info={"prefix": prefix}).score == 1.0


def test_objects_keep_their_history_between_calls() -> None:
    assert run(ACCOUNT, {"functional": ACCOUNT_TESTS}).score == 1.0


def test_tests_may_expect_exceptions_and_changes_in_place() -> None:
    source = "def f(x):\n    if not x: raise ValueError('empty')\n    x.sort()"
    assert run(source, {"functional": IN_PLACE_TESTS}).score == 1.0


def test_no_code_is_no_answer_and_thinking_is_not_run() -> None:
    assert grade("code", "I would double it.", DOUBLE).status is VerdictStatus.NO_ANSWER  # type: ignore[arg-type]
    response = f"<think>```python\nraise SystemExit\n```</think>\n```python\n{GOOD}\n```"
    assert grade("code", response, DOUBLE).score == 1.0  # type: ignore[arg-type]


HELPER = "def twice(x):\n    return 2 * x"
ASKS = "print(twice(int(input())))"
WHOLE = f"{HELPER}\n{ASKS}"


@pytest.mark.parametrize(
    ("blocks", "source"),
    [
        pytest.param([("python", WHOLE), ("", "Sample output:\n4")], WHOLE, id="sample-output"),
        pytest.param([("", WHOLE)], WHOLE, id="no-label-at-all"),
        pytest.param([("python3.11", WHOLE)], WHOLE, id="label-with-a-version"),
        pytest.param([("{.python .numberLines}", WHOLE)], WHOLE, id="label-in-braces"),
        pytest.param([("python-repl", ">>> 1")], None, id="label-of-something-else"),
        pytest.param([("python", HELPER), ("python", ASKS)], WHOLE, id="one-program-in-two-fences"),
        pytest.param([("python", f"x = 1\n{WHOLE}"), ("python", WHOLE)], WHOLE, id="two-programs"),
        pytest.param([("python", WHOLE), ("python", ASKS)], WHOLE, id="example-that-asks"),
        pytest.param([("python", WHOLE), ("python", "x = int(input())")], WHOLE, id="a-line-repeated"),
        pytest.param([("python", WHOLE), ("python", "twice(2) -> 4")], WHOLE, id="example-that-is-no-python"),
        pytest.param([("python", WHOLE), ("python", "\0")], WHOLE, id="zero-byte"),
        pytest.param([("python", WHOLE), ("python", "(" * 90_000)], WHOLE, id="brackets"),
        pytest.param([("python", WHOLE), ("python", "-" * 90_000 + "1")], WHOLE, id="signs"),
        pytest.param([("python", WHOLE), ("python", "x" + ".x" * 90_000)], WHOLE, id="attributes"),
    ],
)
def test_the_program_among_several_fences(blocks: list[tuple[str, str]], source: str | None) -> None:
    response = "\n".join(f"```{label}\n{body}\n```" for label, body in blocks)
    program = find_program(response, "python", stdio=True)
    assert (program and program.source) == source


def test_an_example_that_asks_for_input_is_no_part_of_a_function() -> None:
    asks = "x = int(input())\nprint(double(x))"
    for response in (
        f"```python\n{GOOD}\n```\n```python\n{asks}\n```",
        f"```py\n{GOOD}\n```\n```\n4 -> 8\n```",
    ):
        assert grade("code", response, DOUBLE).score == 1.0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "truth",
    [
        {},
        "no json",
        {"inputs": ["1"]},
        {"inputs": ["1"], "outputs": []},
        {"fn_name": "f", "inputs": [1], "outputs": [1]},
        {"check": "x", "entry_point": "f()"},
    ],
)
def test_a_malformed_reference_is_an_error(truth: object) -> None:
    with pytest.raises(GroundTruthError):
        run(GOOD, truth)


def test_long_test_lists_are_cut_the_same_way_every_time() -> None:
    truth = {"inputs": [str(i) for i in range(1000)], "outputs": [str(i) for i in range(1000)]}
    first, second = read_tests(truth), read_tests(truth)  # type: ignore[arg-type]
    assert first == second
    assert isinstance(first, StdioTests)
    assert len(first.cases) == MAX_TESTS
    assert (first.cases[0][0], first.cases[-1][0]) == ("0", "999")


@pytest.mark.parametrize(
    ("checker", "expected", "printed", "same"),
    [
        ("lines", "YES\n", "yes", True),
        ("lines", "0.5", "0.5000001", True),
        ("lines", "1000000000000000000", "1000000000000000001", False),
        ("lines", "1000000006", "1000000007.0", False),
        ("lines", "500000000", "500000000.5", False),
        ("lines", "3000000000000000003", "3e18", False),
        ("lines", "4", "4.0", True),
        ("lines", "-4000", "-4e3", True),
        ("lines", "0", "-0", True),
        ("lines", "4", "4/1", False),
        ("lines", "4", "four", False),
        ("lines", "4", "1e999999999", False),
        ("lines", "1" + "0" * 5000, "+1" + "0" * 5000, True),
        ("lines", "2.0", "2", True),
        ("lines", "a\nb", "a b", False),
        ("tokens", "a\nb", "a b", True),
        ("exact", "a  b", "a b", False),
        ("float:1e-3", "0.5", "0.5004", True),
        ("float:1e-3", "1", "0.9999", True),
        ("float:1e-3", "0.5", "0.51", False),
    ],
)
def test_checkers(checker: str, expected: str, printed: str, *, same: bool) -> None:
    assert text_checker(checker)(expected, printed) is same


@pytest.mark.parametrize(
    ("expected", "given", "same"),
    [
        ([1, 2], (1, 2), True),
        (1, 1.0, True),
        (10**10, 10000000001.0, False),
        (1e10, 10000000001, False),
        (2.0, 2, True),
        (10**400, 1e300, False),
        (1, True, False),
        ("1", 1, False),
        (0.3, 0.1 + 0.2, True),
        ({"1": 2}, {1: 2}, True),
        ([1], [1, 2], False),
        (None, None, True),
        ([1], {1}, False),
    ],
)
def test_returned_values_are_compared_with_their_types(
    expected: object, given: object, *, same: bool
) -> None:
    assert same_value(expected, given) is same


def test_values_cross_the_border_with_sharing_cycles_and_exact_types() -> None:
    shared = [1]
    value = [shared, shared, (1, "a", None, True, 2.5, b"x"), {(1, 2): {3}}, float("inf"), 10**40]
    copy = decode(encode(value))
    assert copy == value
    assert copy[0] is copy[1]
    ring: list[object] = []
    ring.append(ring)
    again = decode(encode(ring))
    assert again[0] is again


def test_foreign_objects_arrive_as_something_that_equals_nothing() -> None:
    class Pretender:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    arrived = decode(encode(Pretender()))
    assert isinstance(arrived, Opaque)
    assert arrived != 1
    assert arrived != arrived


@pytest.mark.parametrize(
    "nodes",
    [[], [["l", [5]]], [["x", 1]], [["n", "zz"]], 3, [["t", [0]]], [["d", [[1, 2]]], ["l", []], ["v", 1]]],
)
def test_a_forged_table_is_an_error_and_not_a_crash(nodes: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is for logs
        decode(nodes)
