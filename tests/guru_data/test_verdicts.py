"""The synthetic problems before their real verifiers: references pass, mutants fail, no constant pays."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from guru_data import Domain, SyntheticConfig, load_problems
from guru_data.config import Level
from guru_data.grading import ProblemGrader, ReferenceOutcome
from guru_data.references import reference_response
from guru_data.synthetic.code.expressions import draw_expression
from guru_data.synthetic.source import SyntheticSource
from guru_data.synthetic.tasks import USUAL_TASKS

EVERY_TASK = [
    pytest.param(domain, level, id=f"{domain}-{level}") for domain in USUAL_TASKS for level in (1, 2, 3)
]
PROBLEMS = dict.fromkeys(USUAL_TASKS, 100) | {"code": 15}
"""Graded per level; few for code, where each verdict costs the start of a sandbox."""
CONSTANT_PROBLEMS = {
    "math": 3000,
    "logic": 2500,
    "table": 3000,
    "science": 2000,
    "simulation": 2000,
    "code": 40,
}


@pytest.fixture(scope="module")
def grader() -> Iterator[ProblemGrader]:
    with ProblemGrader() as opened:
        yield opened


def config(domain: Domain, train: int, levels: dict[Domain, Level]) -> SyntheticConfig:
    return SyntheticConfig(domains=(domain,), levels=levels, train_per_domain=train, heldout_per_domain=1)


@pytest.mark.parametrize(("domain", "level"), EVERY_TASK)
def test_worked_answers_pass_and_mutants_fail(grader: ProblemGrader, domain: Domain, level: Level) -> None:
    source = SyntheticSource(config(domain, PROBLEMS[domain], {domain: level}))
    puzzles = [puzzle for _, puzzle in source.puzzles("train")]
    for problem, puzzle in zip(source.problems("train"), puzzles, strict=True):
        assert grader.grade(problem, puzzle.worked).score == 1.0
        wrong = grader.grade(problem, puzzle.wrong)
        assert (wrong.status, wrong.score) == ("graded", 0.0)


@pytest.mark.parametrize("domain", USUAL_TASKS)
def test_references_pass(grader: ProblemGrader, domain: Domain) -> None:
    for problem in load_problems(config(domain, PROBLEMS[domain], {}), "train"):
        assert grader.check_reference(problem).outcome is ReferenceOutcome.ACCEPTED


@pytest.mark.parametrize("domain", USUAL_TASKS)
def test_guesses_have_the_asked_form_and_are_mostly_wrong(grader: ProblemGrader, domain: Domain) -> None:
    source = SyntheticSource(config(domain, PROBLEMS[domain], {}))
    guesses = [puzzle.guess for _, puzzle in source.puzzles("train")]
    verdicts = [grader.grade(*pair) for pair in zip(source.problems("train"), guesses, strict=True)]
    assert {verdict.status for verdict in verdicts} == {"graded"}
    assert sum(verdict.score or 0.0 for verdict in verdicts) < 0.35 * len(verdicts)


@pytest.mark.parametrize("domain", USUAL_TASKS)
def test_the_best_constant_answer_scores_at_most_a_tenth(grader: ProblemGrader, domain: Domain) -> None:
    problems = load_problems(config(domain, CONSTANT_PROBLEMS[domain], {}), "train")
    by_reference = {json.dumps(problem.ground_truth): problem for problem in problems}
    counts = Counter(json.dumps(problem.ground_truth) for problem in problems)
    for reference, _ in counts.most_common(3):
        constant = reference_response(by_reference[reference])
        assert constant is not None
        verdicts = [grader.grade(problem, constant) for problem in problems]
        assert {verdict.status for verdict in verdicts} == {"graded"}
        assert 0 < sum(verdict.score or 0.0 for verdict in verdicts) <= 0.1 * len(problems)


def test_no_function_passes_the_tests_of_a_hundredth_of_the_code_problems() -> None:
    rng = Random(0)
    functions = [draw_expression(rng, 1) for _ in range(500)]
    problems = load_problems(config("code", 1000, {}), "train")
    for function in functions:
        passed = sum(
            all(
                function.value(*call) == output
                for call, output in zip(tests["inputs"], tests["outputs"], strict=True)
            )
            for tests in (problem.ground_truth for problem in problems)
            if isinstance(tests, dict)
        )
        assert passed <= 10
