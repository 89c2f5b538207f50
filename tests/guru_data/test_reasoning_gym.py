"""Problems of reasoning-gym; collected where that package is installed (see conftest.py)."""

from __future__ import annotations

import pytest

from guru_data import ReasoningGymConfig, load_problems
from guru_data.grading import ProblemGrader, ReferenceOutcome
from guru_data.reasoning_gym import TASKS


@pytest.mark.parametrize("task", TASKS)
def test_references_of_made_problems_are_accepted_and_others_refused(task: str) -> None:
    problems = load_problems(ReasoningGymConfig(tasks=(task,), per_task=20, heldout_share=0.0), "train")
    assert problems == load_problems(
        ReasoningGymConfig(tasks=(task,), per_task=20, heldout_share=0.0), "train"
    )
    assert len({problem.id for problem in problems}) == 20
    with ProblemGrader() as grader:
        for problem in problems:
            assert grader.check_reference(problem).outcome is ReferenceOutcome.ACCEPTED
            assert grader.grade(problem, f"\\boxed{{{problem.ground_truth}1}}").score == 0.0
