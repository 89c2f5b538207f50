"""Which names of a test program are the candidate's: only what is asked of it, and that always."""

import pytest
from pydantic import JsonValue

from tests.verifiers.code_tools import run, score
from verifiers.errors import GroundTruthError

ASSERTS: JsonValue = {"asserts": ["assert abs(square(2) - 4) < 1e-6", "assert sorted([square(1)]) == [1]"]}
CHECK: JsonValue = {
    "check": "def check(candidate):\n    assert abs(candidate(2) - 4) < 1e-6",
    "entry_point": "square",
}
LEETCODE: JsonValue = {
    "functional": "def check(candidate):\n    assert candidate(x = 2) == 4\n\n\ncheck(Solution().square)"
}
LISTS = """
class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
def list_node(values):
    head = None
    for value in reversed(values):
        head = ListNode(value, head)
    return head
def is_same_list(a, b):
    while a and b and a.val == b.val:
        a, b = a.next, b.next
    return a is None and b is None
"""
REVERSED = """
def check(candidate):
    assert is_same_list(candidate(head = list_node([1, 2, 3])), list_node([3, 2, 1]))
check(Solution().reverse)
"""
REVERSE = """
class Solution:
    def reverse(self, head):
        before = None
        while head:
            before = ListNode(head.val, before)
            head = head.next
        return before
"""
NODE = "class ListNode:\n    def __init__(self, val=0, next=None):\n        self.val, self.next = val, next\n"
WRONG = "def square(x): return 0\nclass Solution:\n    def square(self, x): return 0\n"


@pytest.mark.parametrize("truth", [ASSERTS, CHECK, LEETCODE], ids=["asserts", "check", "leetcode"])
def test_a_candidate_cannot_put_itself_in_the_place_of_the_hook_of_asserts(truth: JsonValue) -> None:
    assert run(f"{WRONG}def __check__(_): return True", truth).score == 0.0


@pytest.mark.parametrize("truth", [ASSERTS, CHECK], ids=["asserts", "check"])
def test_no_function_of_the_candidate_judges_it(truth: JsonValue) -> None:
    assert run(f"{WRONG}def abs(_): return 0\ndef sorted(_): return [1]", truth).score == 0.0


def test_setup_and_prefix_go_before_the_candidate() -> None:
    setup: JsonValue = {"asserts": ["assert isclose(f(1), 2)"], "setup": "from math import isclose"}
    assert run("def f(x): return x\ndef isclose(*_): return True", setup).score == 0.0
    cheat = "class Solution:\n    def reverse(self, head): return head\ndef is_same_list(*_): return True"
    assert score(cheat, REVERSED, extra_info={"prefix": LISTS}) == 0.0


@pytest.mark.parametrize("source", [REVERSE, NODE + REVERSE], ids=["plain", "repeats-the-node"])
def test_a_solution_may_repeat_a_class_of_the_prefix(source: str) -> None:
    assert score(source, REVERSED, extra_info={"prefix": LISTS}) == 1.0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("pass", 0.0),
        ("{name} = lambda *_: None", 0.0),
        ("def {name}(*given):\n    import math, builtins\n    return {right}", 1.0),
    ],
)
@pytest.mark.parametrize(
    ("truth", "name", "right"),
    [
        ({"asserts": ["assert max([4, 6]) == 6"]}, "max", "builtins.max(*given)"),
        ({"asserts": ["assert set(sum(1, 2)) == {3}"]}, "sum", "[given[0] + given[1]]"),
        ({"asserts": ["assert gcd(4, 6) == 2"]}, "gcd", "math.gcd(*given)"),
        (
            {"check": "def check(c):\n    assert c([2, 1]) == [1, 2]", "entry_point": "sorted"},
            "sorted",
            "[1, 2]",
        ),
        ({"functional": "def check(c):\n    assert c([2, 1]) == [1, 2]\ncheck(sorted)"}, "sorted", "[1, 2]"),
    ],
    ids=["builtin", "dressed", "convenience", "entry-point", "check-of-a-name"],
)
def test_a_name_that_python_has_is_asked_of_the_candidate_where_nothing_else_is(
    truth: JsonValue, name: str, right: str, source: str, expected: float
) -> None:
    assert run(source.replace("{name}", name).replace("{right}", right), truth).score == expected


def test_an_import_may_be_the_answer() -> None:
    assert run("from math import gcd", {"asserts": ["assert gcd(4, 6) == 2"]}).score == 1.0


def test_tests_that_could_mean_two_builtins_are_the_references_fault() -> None:
    with pytest.raises(GroundTruthError, match="abs, sum"):
        run("pass", {"asserts": ["assert abs(sum([1])) == 1"]})


def test_an_entry_point_that_python_reserves_is_refused() -> None:
    with pytest.raises(GroundTruthError, match="__check__"):
        run("pass", {"check": "def check(c): pass", "entry_point": "__check__"})


@pytest.mark.parametrize(
    "tests",
    [
        "def test_f():\n    assert f(1) == 1",
        "assert True",
        "from math import gcd\nassert gcd(2, 4) == 2",
        "assert 1 == 2",
        "this is no Python",
    ],
)
def test_tests_that_ask_nothing_are_the_references_fault(tests: str) -> None:
    with pytest.raises(GroundTruthError):
        run("def f(x): return 7", {"functional": tests})


@pytest.mark.parametrize(("source", "expected"), [("def f(x): return x", 1.0), ("def f(x): return 2", 0.0)])
def test_tests_may_do_without_assert(source: str, expected: float) -> None:
    assert score(source, "if f(1) != 1:\n    raise AssertionError('no')") == expected


@pytest.mark.parametrize(("source", "expected"), [("def f(x): return x", 1.0), ("def f(x): return 2", 0.0)])
def test_tests_may_import_the_solution_and_use_unittest(source: str, expected: float) -> None:
    tests = """
import unittest
from solution import f
class Tests(unittest.TestCase):
    def test_f(self):
        self.assertEqual(sorted([f(1)]), [1])
if __name__ == "__main__":
    unittest.main()
"""
    assert score(source, tests) == expected
