"""Predict what a small program prints.

    x = 7                          ->   7 11 15 19, then {"output": 19} in a json fence
    for i in range(3): x += 4
    print(x)

The level sets how often the loop runs, level + 1 or level + 2 times; at level 1 the stride is an easy one.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.task import Puzzle

_STARTS = range(10, 100)
_EASY_STRIDES = (1, 2, 5, 10)
_STRIDES = range(2, 10)


class LoopTask:
    """Loops that add or subtract a small number."""

    domain: ClassVar[Domain] = "simulation"
    verifier: ClassVar[str] = "codeio"
    data_source: ClassVar[str] = "synthetic__loop"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        stride = rng.choice(_EASY_STRIDES if level == 1 else _STRIDES)
        start, sign = rng.choice(_STARTS), rng.choice("+-")
        turns = rng.choice((level + 1, level + 2))
        step = stride if sign == "+" else -stride
        trace = [start + step * turn for turn in range(turns + 1)]
        off_by_one = trace[-1] + rng.choice((-step, step))
        program = f"x = {start}\nfor i in range({turns}): x {sign}= {stride}\nprint(x)"
        return Puzzle(
            content=program,
            prompt=f'{program}\nAnswer as ```json {{"output": ?}}.',
            ground_truth=f'"output": {trace[-1]}',
            worked=f"{_spaced(trace)}\n{_answer(trace[-1])}",
            guess=_answer(rng.choice(_STARTS)),
            wrong=f"{_spaced(trace[:-1])}\n{_answer(off_by_one)}",
        )


def _spaced(values: list[int]) -> str:
    return " ".join(map(str, values))


def _answer(value: int) -> str:
    return f'```json\n{{"output": {value}}}\n```'
