"""Write a function on text from a description in steps.

    f(s): reverse the text; then replace every a by b   ->   def f(s): ... in a python fence

The ground truth is a list of asserts. The level is the number of steps beyond one.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import python_fence
from guru_data.synthetic.pipelines.pipeline import draw_pipeline, draw_values, near_miss
from guru_data.synthetic.pipelines.texts import TEXTS
from guru_data.synthetic.task import Puzzle

_ASSERTS = 6


class TextFunctionTask:
    """Functions from a lower-case word to text."""

    domain: ClassVar[Domain] = "code"
    verifier: ClassVar[str] = "code"
    data_source: ClassVar[str] = "synthetic__text_function"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        pipeline = draw_pipeline(rng, TEXTS, level + 1)
        arguments = draw_values(pipeline, _ASSERTS)
        wrong = near_miss(rng, pipeline, arguments)
        return Puzzle(
            content=f"text {pipeline.behaviour}",
            prompt="Write a Python function f(s) that takes a text of lower-case letters and returns what "
            f"becomes of it: {pipeline.words}.\nAnswer in ```python.",
            ground_truth={
                "asserts": [f"assert f({text!r}) == {pipeline.value(text)!r}" for text in arguments]
            },
            worked=python_fence(pipeline.source),
            guess=python_fence(draw_pipeline(rng, TEXTS, level + 1).source),
            wrong=python_fence(wrong.source),
            extra={"reference": pipeline.source},
        )
