"""Fill one expression into a given function.

    Complete: def f(a, b): return ? # a times 3 plus b
        ->  a * 3 + b, then the whole function in a python fence

The ground truth is calls with their results; the calls are chosen so that `wrong` fails one.
The level is how many numbers the expression has beside a and b.
"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.synthetic.code.expressions import Expression, draw_expression
from guru_data.synthetic.task import Puzzle

_CALLS = 4
_PROBES = ((2, 3), (7, -5), (-4, 11), (13, 17), (0, 1))
"""Arguments at which expressions of this grammar that are not equal differ."""


class ExpressionTask:
    """Functions of two integers, described in words."""

    domain: ClassVar[Domain] = "code"
    verifier: ClassVar[str] = "code"
    data_source: ClassVar[str] = "synthetic__expression"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        expression = draw_expression(rng, level)
        content = str([expression.value(a, b) for a, b in _PROBES])  # a * 3 + b and b + a * 3 are one
        arguments = _arguments(Random(content))  # the same problem gets the same calls, whoever draws it
        outputs = [expression.value(a, b) for a, b in arguments]

        guess = draw_expression(rng, level)
        wrong = draw_expression(rng, level)
        while [wrong.value(a, b) for a, b in arguments] == outputs:
            wrong = draw_expression(rng, level)
        return Puzzle(
            content=content,
            prompt=f"Complete: def f(a, b): return ? # {expression.words}\nAnswer in ```python.",
            ground_truth={
                "fn_name": "f",
                "inputs": [list(pair) for pair in arguments],
                "outputs": list(outputs),
            },
            worked=f"{expression.code}\n{_function(expression)}",
            guess=_function(guess),
            wrong=f"{wrong.code}\n{_function(wrong)}",
            extra={"reference": _function(expression)},
        )


def _arguments(rng: Random) -> list[tuple[int, int]]:
    """Argument pairs, no number twice: equal or opposite arguments hide a swapped a and b."""
    numbers = rng.sample(range(2, 30), 2 * _CALLS)
    return [(-a if i % 2 else a, b) for i, (a, b) in enumerate(zip(numbers[::2], numbers[1::2], strict=True))]


def _function(expression: Expression) -> str:
    return f"```python\ndef f(a, b):\n    return {expression.code}\n```"
