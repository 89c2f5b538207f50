"""What our interpreters say of generated programs is what Python says of them, in a sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

import pytest

from guru_data import Message, Problem
from guru_data.config import Level
from guru_data.grading import ProblemGrader
from guru_data.synthetic.pipelines.lists import LISTS
from guru_data.synthetic.pipelines.pipeline import Grammar, Pipeline
from guru_data.synthetic.pipelines.texts import TEXTS
from guru_data.synthetic.simulation.program_input import draw_program
from guru_data.synthetic.simulation.programs import run
from tests.guru_data.synthetic_sets import drawn, task_config


@pytest.fixture(scope="module")
def grader() -> Iterator[ProblemGrader]:
    with ProblemGrader() as opened:
        yield opened


def holds_in_python(grader: ProblemGrader, program: str, asserts: Sequence[str]) -> bool:
    problem = Problem(
        id="p", prompt=(Message(role="user", content="?"),), domain="code", data_source="made",
        verifier="code", ground_truth={"functional": "\n".join(asserts)}, source="made", licence="CC0-1.0",
        split="train",
    )  # fmt: skip
    verdict = grader.grade(problem, f"```python\n{program}\n```")
    assert verdict.status == "graded"
    return verdict.score == 1.0


@pytest.mark.parametrize("grammar", [pytest.param(LISTS, id="lists"), pytest.param(TEXTS, id="texts")])
def test_every_step_is_the_python_that_it_is_written_as(grader: ProblemGrader, grammar: Grammar[Any]) -> None:
    rng = Random(0)
    steps = list({step.words: step for step in (grammar.draw_step(rng) for _ in range(100))}.values())
    kinds = {re.sub(r"\d+|\b\w\b", "?", step.words) for step in steps}
    assert len(kinds) >= 10
    functions, asserts = [], []
    for at, step in enumerate(steps):
        functions.append(Pipeline(grammar, (step,)).source.replace("def f(", f"def f{at}("))
        empty: list[Any] = [type(grammar.probes[0])()]
        for probe in [*empty, *grammar.probes[:3]]:
            asserts.append(f"assert f{at}({probe!r}) == {step.apply(probe)!r}")
    assert holds_in_python(grader, "\n".join(functions), asserts)
    assert not holds_in_python(grader, "\n".join(functions), [*asserts, "assert f0 is None"])


@pytest.mark.parametrize("level", [1, 2, 3])
def test_recorded_inputs_and_outputs_are_those_of_the_program(grader: ProblemGrader, level: Level) -> None:
    programs, asserts = [], []
    recorded = [*drawn(task_config("program_output", level, train=20))]
    recorded += drawn(task_config("program_input", level, train=20))
    for at, (problem, _) in enumerate(recorded):
        source, _, shown = problem.prompt[0].content.partition("\nInput: ")
        if not shown:
            source, _, shown = problem.prompt[0].content.partition("\nOutput: ")
        stated = json.loads(shown.splitlines()[0])
        truth = json.loads(f"{{{problem.ground_truth}}}")
        given, returned = (stated, truth["output"]) if "output" in truth else (truth["input"], stated)
        programs.append(source.replace("def main(", f"def main{at}("))
        asserts.append(f"assert main{at}(a={given['a']}, b={given['b']}) == {returned!r}")
    assert holds_in_python(grader, "\n".join(programs), asserts)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_no_two_inputs_give_a_program_to_run_backwards_one_output(level: Level) -> None:
    rng = Random(level)
    for _ in range(20):
        block = draw_program(rng, level)
        inputs = [{"a": a, "b": b} for a, b in product(range(-12, 13), repeat=2)]
        assert len({tuple(run(block, given)[-1].values()) for given in inputs}) == len(inputs)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_what_loops_print_is_what_python_prints(grader: ProblemGrader, level: Level) -> None:
    programs, asserts = [], []
    for at, (problem, _) in enumerate(drawn(task_config("loop", level, train=30))):
        *lines, _ = problem.prompt[0].content.splitlines()
        body = "\n    ".join(lines).replace("print(x)", "return x")
        programs.append(f"def f{at}():\n    {body}")
        asserts.append(f"assert {{'output': f{at}()}} == {{{problem.ground_truth}}}")
    assert holds_in_python(grader, "\n".join(programs), asserts)
