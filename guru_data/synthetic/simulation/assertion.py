"""Complete an assertion about a function: what it returns, or what it was called with.

    def f(xs): ...
    assert f([3, 4]) == ??      ->   the value after each step, then the assertion in a python fence
    assert f(??) == [4, 3]

Functions on lists and on text in turn. The level is the number of steps beyond one. Any argument that gives
the result is right, because the verifier calls the function.
"""

from __future__ import annotations

from random import Random
from typing import Any, ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import python_fence
from guru_data.synthetic.pipelines.lists import LISTS
from guru_data.synthetic.pipelines.pipeline import Pipeline, draw_pipeline, near_miss
from guru_data.synthetic.pipelines.texts import TEXTS
from guru_data.synthetic.task import Puzzle


class ReturnValueTask:
    """The given side is the call."""

    domain: ClassVar[Domain] = "simulation"
    verifier: ClassVar[str] = "cruxeval"
    data_source: ClassVar[str] = "synthetic__return_value"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        function, argument = _draw_call(rng, level)
        values = function.trace(argument)
        missed = near_miss(rng, function, [argument]).value(argument)
        guess = function.grammar.draw_value(rng)
        return Puzzle(
            content=f"{function.source}\n{argument!r}",
            prompt=_prompt(function, f"assert f({argument!r}) == ??"),
            ground_truth={"functional": function.source},
            worked=f"{_written(values)}\n{_assertion(argument, values[-1])}",
            guess=_assertion(argument, guess),
            wrong=f"{_written(values[:-1])}\n{_assertion(argument, missed)}",
            extra={"reference": _assertion(argument, values[-1])},
        )


class ArgumentTask:
    """The given side is the result."""

    domain: ClassVar[Domain] = "simulation"
    verifier: ClassVar[str] = "cruxeval"
    data_source: ClassVar[str] = "synthetic__argument"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        function, argument = _draw_call(rng, level)
        values = function.trace(argument)
        result = values[-1]
        other = function.grammar.draw_value(rng)
        while function.value(other) == result:
            other = function.grammar.draw_value(rng)
        return Puzzle(
            content=f"{function.source}\n== {result!r}",
            prompt=_prompt(function, f"assert f(??) == {result!r}"),
            ground_truth={"functional": function.source},
            worked=f"{_written([*reversed(values), argument])}\n{_assertion(argument, result)}",
            guess=_assertion(function.grammar.draw_value(rng), result),
            wrong=f"{_written(values[::-1])}\n{_assertion(other, result)}",
            extra={"reference": _assertion(argument, result)},
        )


def _draw_call(rng: Random, level: Level) -> tuple[Pipeline[Any], Any]:
    """A function with an argument for which it does not return something empty."""
    if rng.random() < 0.5:
        function: Pipeline[Any] = draw_pipeline(rng, LISTS, level + 1)
    else:
        function = draw_pipeline(rng, TEXTS, level + 1)
    while True:
        argument = function.grammar.draw_value(rng)
        if function.value(argument):
            return function, argument


def _prompt(function: Pipeline[Any], question: str) -> str:
    return f"{function.source}\n{question}\nComplete the assertion. Answer in ```python."


def _assertion(argument: Any, result: Any) -> str:
    return python_fence(f"assert f({argument!r}) == {result!r}")


def _written(values: list[Any]) -> str:
    return " -> ".join(map(repr, values))
