"""Find the input from which a program comes to a given output.

    def main(a, b): ...    Output: {"a": 8, "b": 5}   ->   the states backwards, then {"input": {...}} in json

Every statement can be undone, so exactly one input fits. Level 1 has three statements, 2 five, 3 a loop.
"""

from __future__ import annotations

import json
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import json_fence
from guru_data.synthetic.simulation.programs import (
    Block,
    Repeat,
    State,
    draw_run,
    draw_update,
    source,
    written,
)
from guru_data.synthetic.task import Puzzle


class ProgramInputTask:
    """Recorded inputs of programs over two integers that can be run backwards."""

    domain: ClassVar[Domain] = "simulation"
    verifier: ClassVar[str] = "codeio"
    data_source: ClassVar[str] = "synthetic__program_input"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        block, given, states = draw_run(rng, lambda: draw_program(rng, level))
        program, output = source(block), states[-1]
        slipped = {**given, (name := rng.choice("ab")): given[name] + rng.choice((-1, 1))}
        backwards = [*reversed(states), given]
        return Puzzle(
            content=f"{program} {output}",
            prompt=f"{program}\nOutput: {json.dumps(output)}\n"
            'With which input? Answer as ```json {"input": {"a": ?, "b": ?}}.',
            ground_truth=f'"input": {json.dumps(given)}',
            worked=f"{written(backwards)}\n{_answer(given)}",
            guess=_answer({name: rng.randint(1, 20) for name in "ab"}),
            wrong=f"{written(backwards[:-1])}\n{_answer(slipped)}",
        )


def draw_program(rng: Random, level: Level) -> Block:
    """Statements of which each can be undone."""
    updates = tuple(draw_update(rng) for _ in range(5 if level == 2 else 3))
    return (Repeat(rng.randint(2, 3), updates),) if level == 3 else updates


def _answer(given: State) -> str:
    return json_fence({"input": dict(given)})
