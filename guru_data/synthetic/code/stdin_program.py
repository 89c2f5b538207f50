"""Write a program that reads a line of integers and prints one number.

    Read one line of integers. Keep the even numbers; then print their sum.   ->   xs = ... print(sum(xs))

The ground truth is pairs of standard input and output. The level is the number of steps before
the last beyond one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import ClassVar, NamedTuple

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import python_fence
from guru_data.synthetic.pipelines.lists import LISTS
from guru_data.synthetic.pipelines.pipeline import Pipeline, draw_pipeline, draw_values, near_miss
from guru_data.synthetic.task import Puzzle

_TESTS = 3
"""Each is a sandbox of its own."""


class _Result(NamedTuple):
    words: str
    code: str
    apply: Callable[[list[int]], int]


_RESULTS = (
    _Result("the sum of the numbers", "sum(xs)", sum),
    _Result("how many numbers there are", "len(xs)", len),
    _Result("the largest number, or 0 if there is none", "max(xs, default=0)", lambda xs: max(xs, default=0)),
    _Result(
        "the smallest number, or 0 if there is none", "min(xs, default=0)", lambda xs: min(xs, default=0)
    ),
    _Result("the last number, or 0 if there is none", "xs[-1] if xs else 0", lambda xs: xs[-1] if xs else 0),
    _Result(
        "how many of the numbers are negative", "sum(x < 0 for x in xs)", lambda xs: sum(x < 0 for x in xs)
    ),
)


class StdinProgramTask:
    """Programs from standard input to standard output."""

    domain: ClassVar[Domain] = "code"
    verifier: ClassVar[str] = "code"
    data_source: ClassVar[str] = "synthetic__stdin_program"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        pipeline, result = _draw_program(rng, level)
        tests = draw_values(pipeline, _TESTS)
        outputs = _outputs(pipeline, result, tests)
        wrong = near_miss(rng, pipeline, tests)
        while _outputs(wrong, result, tests) == outputs:
            wrong = near_miss(rng, pipeline, tests)
        return Puzzle(
            content=f"program {_outputs(pipeline, result, LISTS.probes)}",
            prompt="Write a Python program. It reads one line of integers into a list; "
            f"then {pipeline.words}; then print {result.words}.\nAnswer in ```python.",
            ground_truth={
                "inputs": [f"{' '.join(map(str, numbers))}\n" for numbers in tests],
                "outputs": [f"{output}\n" for output in outputs],
            },
            worked=python_fence(_source(pipeline, result)),
            guess=python_fence(_source(*_draw_program(rng, level))),
            wrong=python_fence(_source(wrong, result)),
            extra={"reference": _source(pipeline, result)},
        )


def _draw_program(rng: Random, level: Level) -> tuple[Pipeline[list[int]], _Result]:
    """A program in which the result depends on every step, with tests that have more than one answer."""
    while True:
        pipeline, result = draw_pipeline(rng, LISTS, level + 1), rng.choice(_RESULTS)
        if len(set(_outputs(pipeline, result, draw_values(pipeline, _TESTS)))) == 1:
            continue
        outputs = _outputs(pipeline, result, LISTS.probes)
        if all(_outputs(shorter, result, LISTS.probes) != outputs for shorter in pipeline.shortened):
            return pipeline, result


def _outputs(pipeline: Pipeline[list[int]], result: _Result, values: Sequence[list[int]]) -> list[int]:
    return [result.apply(pipeline.value(numbers)) for numbers in values]


def _source(pipeline: Pipeline[list[int]], result: _Result) -> str:
    return "\n".join(["xs = list(map(int, input().split()))", *pipeline.lines, f"print({result.code})"])
