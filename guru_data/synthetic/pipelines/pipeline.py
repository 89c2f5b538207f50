"""A program made of steps, each of them words, a line of Python, and a function of our own.

    Grammar --draw_pipeline--> Pipeline: words | source | value(argument)

The value is computed by the steps' functions here; the generated source is never run in this process.
That the two agree is for a sandbox to show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Step(Generic[T]):
    """One change of a value."""

    words: str
    """As an instruction: `add 3 to each number`."""
    code: str
    """A Python expression in the grammar's variable: `[x + 3 for x in xs]`."""
    apply: Callable[[T], T]


@dataclass(frozen=True)
class Grammar(Generic[T]):
    """What pipelines over one kind of value are drawn from."""

    variable: str
    draw_step: Callable[[Random], Step[T]]
    draw_value: Callable[[Random], T]
    probes: tuple[T, ...]
    """Values at which pipelines that are not equal differ, with few exceptions."""


@dataclass(frozen=True)
class Pipeline(Generic[T]):
    """Steps, first to last."""

    grammar: Grammar[T]
    steps: tuple[Step[T], ...]

    @property
    def words(self) -> str:
        """`reverse the list; then add 3 to each number`"""
        return "; then ".join(step.words for step in self.steps)

    @property
    def lines(self) -> list[str]:
        """One assignment per step."""
        return [f"{self.grammar.variable} = {step.code}" for step in self.steps]

    @property
    def source(self) -> str:
        """A Python function `f`."""
        variable = self.grammar.variable
        body = [*self.lines, f"return {variable}"]
        return "\n    ".join([f"def f({variable}):", *body])

    def trace(self, value: T) -> list[T]:
        """The value after each step."""
        values = []
        for step in self.steps:
            value = step.apply(value)
            values.append(value)
        return values

    def value(self, value: T) -> T:
        """What the source returns."""
        for step in self.steps:
            value = step.apply(value)
        return value

    @property
    def shortened(self) -> list[Pipeline[T]]:
        """The pipeline without each of its steps in turn."""
        return [
            Pipeline(self.grammar, self.steps[:at] + self.steps[at + 1 :]) for at in range(len(self.steps))
        ]

    @property
    def behaviour(self) -> str:
        """The same for pipelines that do the same."""
        return repr([self.value(probe) for probe in self.grammar.probes])


def draw_pipeline(rng: Random, grammar: Grammar[T], length: int) -> Pipeline[T]:
    """A pipeline that depends on its argument and on each of its steps."""
    while True:
        pipeline = Pipeline(grammar, tuple(grammar.draw_step(rng) for _ in range(length)))
        if _depends_on_all(pipeline):
            return pipeline


def near_miss(rng: Random, pipeline: Pipeline[T], values: Sequence[T]) -> Pipeline[T]:
    """The pipeline with one step exchanged, so that at least one of the values gives another result."""
    right = [pipeline.value(value) for value in values]
    while True:
        steps = list(pipeline.steps)
        steps[rng.randrange(len(steps))] = pipeline.grammar.draw_step(rng)
        missed = Pipeline(pipeline.grammar, tuple(steps))
        if [missed.value(value) for value in values] != right:
            return missed


def draw_values(pipeline: Pipeline[T], count: int) -> list[T]:
    """Arguments that do not all give the same result; the same pipeline gets the same ones."""
    rng = Random(pipeline.behaviour)
    while True:
        values = [pipeline.grammar.draw_value(rng) for _ in range(count)]
        if len({repr(pipeline.value(value)) for value in values}) > 1:
            return values


def _depends_on_all(pipeline: Pipeline[T]) -> bool:
    probes = pipeline.grammar.probes
    if len({repr(pipeline.value(probe)) for probe in probes}) < len(probes) // 2:
        return False
    return all(shorter.behaviour != pipeline.behaviour for shorter in pipeline.shortened)
