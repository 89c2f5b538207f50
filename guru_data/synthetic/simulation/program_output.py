"""Predict what a program with branches and loops returns.

    def main(a, b): ...    Input: {"a": 3, "b": 5}   ->   the states, then {"output": {...}} in a json fence

Level 1 has a branch among updates, 2 a loop of updates as well, 3 a loop with a branch in it.
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
    Update,
    draw_branch,
    draw_run,
    draw_update,
    source,
    written,
)
from guru_data.synthetic.task import Puzzle


class ProgramOutputTask:
    """Recorded outputs of programs over two integers."""

    domain: ClassVar[Domain] = "simulation"
    verifier: ClassVar[str] = "codeio"
    data_source: ClassVar[str] = "synthetic__program_output"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        block, given, states = draw_run(rng, lambda: _draw_program(rng, level))
        output, program = states[-1], source(block)
        slipped = {**output, (name := rng.choice("ab")): output[name] + rng.choice((-1, 1))}
        return Puzzle(
            content=f"{program} {given}",
            prompt=f"{program}\nInput: {json.dumps(given)}\n"
            'What does main return? Answer as ```json {"output": {"a": ?, "b": ?}}.',
            ground_truth=f'"output": {json.dumps(output)}',
            worked=f"{written(states)}\n{_answer(output)}",
            guess=_answer({name: rng.randint(-50, 50) for name in "ab"}),
            wrong=f"{written(states[:-1])}\n{_answer(slipped)}",
        )


def _draw_program(rng: Random, level: Level) -> Block:
    branch, updates = draw_branch(rng), (draw_update(rng), draw_update(rng))
    rest = Update(rng.choice("ab"), "%=", rng.randint(5, 30))
    if level == 1:
        return (*updates, branch)
    if level == 2:
        return (Repeat(rng.randint(2, 3), updates), branch)
    return (Repeat(rng.randint(3, 4), (*updates, branch)), rest)


def _answer(output: State) -> str:
    return json_fence({"output": dict(output)})
