"""Honest programs whose tests do more than call a function with plain values."""

import pytest
from pydantic import JsonValue

from tests.verifiers.code_tools import run, score
from verifiers.types import VerdictStatus

POINT = """
class Point:
    def __init__(self, x): self.x = x
    def __len__(self): return 3
    def __str__(self): return f"<{self.x}>"
    def __eq__(self, other): return isinstance(other, Point) and self.x == other.x
    def __lt__(self, other): return self.x < other.x
    def __add__(self, other): return Point(self.x + other.x)
    def __getitem__(self, at): return at * self.x
    def __iter__(self): return iter([self.x, 0])
    def moved(self):
        self.x += 1
        return self
    def both(self): return [Point(1), Point(2)]
    @staticmethod
    def total(a, b): return a + b
"""


@pytest.mark.parametrize(
    "tests",
    [
        "assert Point(1).x == 1",
        "point = Point(1)\npoint.x = 5\nassert point.x == 5",
        "assert len(Point(1)) == 3",
        "assert str(Point(1)) == '<1>' and f'{Point(2)}' == '<2>'",
        "assert Point(1) == Point(1) and Point(1) != Point(2)",
        "assert Point(1) < Point(2) and (Point(1) + Point(2)).x == 3",
        "assert Point(3)[4] == 12 and list(Point(3)) == [3, 0] and 3 in Point(3)",
        "assert isinstance(Point(1), Point) and not isinstance(3, Point)",
        "assert Point.total(1, 2) == 3",
        "point = Point(1)\npoint.moved().moved()\nassert point.x == 3",
        "point = Point(1)\nagain = point.moved()\nagain.moved()\nassert point.x == again.x == 3",
        "assert [point.x for point in Point(1).both()] == [1, 2]",
        "assert largest([Point(1), Point(4)]).x == 4",
        "assert adder(1)(2) == 3",
        "given = {}\nfill(given)\nassert given == {'a': 1}",
        "given = {1}\nextend(given)\nassert given == {1, 3}",
        "try:\n    fail()\n    assert False\nexcept Bad as error:\n    assert str(error) == 'no'",
        "try:\n    fail()\n    assert False\nexcept ValueError:\n    pass",
        "import math\nassert factorial(10_000) == math.factorial(10_000)",
    ],
)
def test_objects_and_what_they_do(tests: str) -> None:
    source = f"""{POINT}
def largest(points): return max(points, key=lambda point: point.x)
def adder(a): return lambda b: a + b
def fill(given): given["a"] = 1
def extend(given): given.add(3)
class Bad(ValueError): pass
class Worse(Bad): pass
def fail(): raise Worse("no")
def factorial(n): return n * factorial(n - 1) if n % 500 else n * half(n - 1)
def half(n):
    product = 1
    for factor in range(2, n + 1): product *= factor
    return product
"""
    assert score(source, tests) == 1.0


@pytest.mark.parametrize(
    "tests",
    [
        "point = Point(1)\npoint.moved()\nassert point.x == 1",
        "assert Point(1) == Point(2)",
        "assert Point(1).y == 1",
        "try:\n    Point(1)\n    raise RuntimeError\nexcept Bad:\n    pass",
    ],
)
def test_wrong_objects_fail(tests: str) -> None:
    assert score(f"{POINT}class Bad(Exception): pass", tests) == 0.0


def test_an_object_of_the_tests_reaches_a_program_that_has_no_such_class() -> None:
    tests = (
        "class Box:\n    def __init__(self, value):\n        self.value = value\nassert opened(Box(3)) == 3"
    )
    assert score("def opened(box): return box.value", tests) == 1.0


@pytest.mark.parametrize(
    ("tests", "reason"),
    [
        ("assert applied(lambda x: x + 1, 2) == 3", "tests_beyond_border"),
        ("import no_such_module\nassert applied(len, []) == 0", "tests_need_import"),
    ],
)
def test_what_we_cannot_do_for_a_test_is_undecided(tests: str, reason: str) -> None:
    verdict = run("def applied(f, x): return f(x)", {"functional": tests})
    assert (verdict.status, verdict.reason) == (VerdictStatus.UNDECIDED, reason)


@pytest.mark.parametrize(
    "tests",
    [
        "import random\nfor _ in range(9):\n    x = random.random()\n    assert f(x) == x",
        "total = 0\nfor i in range(30):\n    total += len(f('a' * i))\nassert total == 435",
        "for i in range(30):\n    a, b = f((i, i))\n    assert a == b",
        "x = 30\nwhile x != 0:\n    x = f(x - 1)\nassert x == 0",
        "while f(0) != 0:\n    pass\nfor w in {'a', 'b', 'c'}:\n    assert f(w) == w",
    ],
    ids=["random", "lengths", "unpacked", "chain", "waits"],
)
def test_the_calls_of_a_loop_are_found_out(tests: str) -> None:
    assert score("def f(x): return x", tests) == 1.0


def test_the_first_failure_is_an_index_and_its_reason_is_its_own() -> None:
    source = "def f(x):\n    while x == 3: pass\n    return 0 if x == 1 else x"
    truth: JsonValue = {"asserts": [f"assert f({x}) == {x}" for x in (0, 1, 2, 3)]}
    verdict = run(source, truth, partial=True, time_limit_s=1)
    assert (verdict.score, verdict.reason) == (0.5, "wrong_result")
    assert verdict.evidence["first_failure"] == 1
    other = run(source, {"asserts": ["assert f(3) == 3"]}, time_limit_s=1)
    assert other.reason == "candidate_timeout"


def test_a_method_has_its_time_limit_for_each_call() -> None:
    source = "class Solution:\n    def f(self, x):\n        sum(range(12_000_000))\n        return x"
    tests = "def check(candidate):\n" + "".join(f"    assert candidate({x}) == {x}\n" for x in range(8))
    assert score(source, f"{tests}check(Solution().f)", time_limit_s=1) == 1.0
