"""The usual synthetic tasks before their real verifiers: no answer pays for many problems."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from guru_data import Domain, SyntheticConfig, load_problems
from guru_data.config import Level
from guru_data.grading import ProblemGrader
from guru_data.references import reference_response
from guru_data.synthetic.code.expressions import draw_expression
from guru_data.synthetic.tasks import USUAL_TASKS

CONSTANT_PROBLEMS = {
    "math": 3000,
    "logic": 2500,
    "table": 3000,
    "science": 2000,
    "simulation": 1000,
    "code": 40,
}


@pytest.fixture(scope="module")
def grader() -> Iterator[ProblemGrader]:
    with ProblemGrader() as opened:
        yield opened


def config(domain: Domain, train: int, levels: dict[Domain, Level]) -> SyntheticConfig:
    return SyntheticConfig(domains=(domain,), levels=levels, train_per_domain=train, heldout_per_domain=1)


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
