"""Write a function on lists from a description in steps.

    f(xs): keep the even numbers; then reverse the list   ->   def f(xs): ... in a python fence

The ground truth is calls with their results. The level is the number of steps beyond one.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import python_fence
from guru_data.synthetic.pipelines.lists import LISTS
from guru_data.synthetic.pipelines.pipeline import draw_pipeline, draw_values, near_miss
from guru_data.synthetic.task import Puzzle

_CALLS = 6


class ListFunctionTask:
    """Functions from a list of integers to another."""

    domain: ClassVar[Domain] = "code"
    verifier: ClassVar[str] = "code"
    data_source: ClassVar[str] = "synthetic__list_function"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        pipeline = draw_pipeline(rng, LISTS, level + 1)
        arguments = draw_values(pipeline, _CALLS)
        wrong = near_miss(rng, pipeline, arguments)
        return Puzzle(
            content=f"list {pipeline.behaviour}",
            prompt="Write a Python function f(xs) that takes a list of integers and returns what becomes of "
            f"it: {pipeline.words}.\nAnswer in ```python.",
            ground_truth={
                "fn_name": "f",
                "inputs": [[list(argument)] for argument in arguments],
                "outputs": [list(pipeline.value(argument)) for argument in arguments],
            },
            worked=python_fence(pipeline.source),
            guess=python_fence(draw_pipeline(rng, LISTS, level + 1).source),
            wrong=python_fence(wrong.source),
            extra={"reference": pipeline.source},
        )
