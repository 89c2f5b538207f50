"""What every synthetic task keeps to, ours and new ones: one suite over the table, at every level."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import get_args

import pytest

from guru_data import Domain, Problem, SourceConfigError, SyntheticConfig, demonstrations, load_problems
from guru_data.config import Level, TaskName
from guru_data.grading import ProblemGrader, ReferenceOutcome
from guru_data.references import PROGRAM_VERIFIERS
from guru_data.synthetic.source import SyntheticSource
from guru_data.synthetic.task import Puzzle
from guru_data.synthetic.tasks import TASKS, USUAL_TASKS, open_task
from tests.guru_data.synthetic_sets import LEVELS, drawn, task_config, tasks_of
from verifiers import Grader

EVERY_TASK = [pytest.param(name, level, id=f"{name}-{level}") for name in TASKS for level in LEVELS]
PROVED_BY_Z3 = {"arrangement", "zebra"}
"""Slower to make than the others."""


@cache
def made(name: TaskName, level: Level) -> list[tuple[Problem, Puzzle]]:
    return drawn(task_config(name, level, train=12 if runs_programs(name) or name in PROVED_BY_Z3 else 25))


def some(name: TaskName, level: Level) -> list[tuple[Problem, Puzzle]]:
    """Fewer where each verdict costs the start of a sandbox."""
    return made(name, level)[: 3 if runs_programs(name) else None]


def runs_programs(name: TaskName) -> bool:
    return open_task(name).verifier in PROGRAM_VERIFIERS


@pytest.fixture(scope="module")
def grader() -> Iterator[ProblemGrader]:
    with ProblemGrader() as opened:
        yield opened


def test_the_config_names_the_tasks_there_are() -> None:
    assert set(TASKS) == set(get_args(TaskName))
    assert {open_task(name).domain: name for name in USUAL_TASKS.values()} == USUAL_TASKS
    assert set(USUAL_TASKS) == set(get_args(Domain))


def test_every_verifier_has_a_task() -> None:
    assert {open_task(name).verifier for name in TASKS} == set(Grader().names)


@pytest.mark.parametrize(("name", "level"), EVERY_TASK)
def test_the_reference_passes_and_the_mutant_does_not(
    grader: ProblemGrader, name: TaskName, level: Level
) -> None:
    for problem, puzzle in made(name, level):
        assert grader.check_reference(problem).outcome is ReferenceOutcome.ACCEPTED
        wrong = grader.grade(problem, puzzle.wrong)
        assert (wrong.status, wrong.score) == ("graded", 0.0)


@pytest.mark.parametrize(("name", "level"), EVERY_TASK)
def test_the_worked_answer_passes_and_guesses_mostly_do_not(
    grader: ProblemGrader, name: TaskName, level: Level
) -> None:
    pairs = some(name, level)
    assert all(grader.grade(problem, puzzle.worked).score == 1.0 for problem, puzzle in pairs)
    guesses = [grader.grade(problem, puzzle.guess) for problem, puzzle in pairs]
    assert {verdict.status for verdict in guesses} == {"graded"}
    assert sum(verdict.score or 0.0 for verdict in guesses) <= 0.7 * len(pairs)


@pytest.mark.parametrize(("name", "level"), EVERY_TASK)
def test_the_prompt_does_not_hold_the_answer(grader: ProblemGrader, name: TaskName, level: Level) -> None:
    for problem, puzzle in some(name, level):
        assert grader.grade(problem, puzzle.prompt).score != 1.0
        solution = problem.extra.get("reference")
        assert not isinstance(solution, str) or solution not in puzzle.prompt


@pytest.mark.parametrize(("name", "level"), EVERY_TASK)
def test_the_same_config_gives_the_same_distinct_problems(name: TaskName, level: Level) -> None:
    pairs = made(name, level)
    fewer = task_config(name, level, train=len(pairs) // 2)
    assert [problem for problem, _ in pairs[: len(pairs) // 2]] == load_problems(fewer, "train")
    assert len({problem.id for problem, _ in pairs}) == len(pairs)
    assert len({puzzle.content for _, puzzle in pairs}) == len(pairs)


@pytest.mark.parametrize(("name", "level"), EVERY_TASK)
def test_a_problem_is_on_one_side_whatever_the_seeds(name: TaskName, level: Level) -> None:
    few = 2 if name in {*PROVED_BY_Z3, "grid"} else 12
    other_seed = SyntheticSource(task_config(name, level, train=few, heldout=few, seed=1))
    heldout = {puzzle.content for _, puzzle in other_seed.puzzles("heldout")}
    train = {puzzle.content for _, puzzle in other_seed.puzzles("train")}
    assert (train | {puzzle.content for _, puzzle in made(name, level)}).isdisjoint(heldout)


@pytest.mark.parametrize("name", sorted(set(TASKS) - PROVED_BY_Z3))
def test_no_answer_is_right_for_much_more_than_a_quarter(name: TaskName) -> None:
    problems = load_problems(task_config(name, 2, train=200), "train")
    (_, most), *_ = Counter(json.dumps(problem.ground_truth) for problem in problems).most_common(1)
    assert most <= 0.35 * len(problems)


@pytest.mark.parametrize("name", TASKS)
def test_demonstrations_are_of_the_named_task(name: TaskName) -> None:
    config = task_config(name, 1, train=1)
    (shown,) = demonstrations(config, seed=0, count=1, worked_share=1.0)
    assert shown.domain == open_task(name).domain
    assert shown in list(demonstrations(config, seed=0, count=2, worked_share=1.0))


def test_named_tasks_take_turns_within_their_domain_and_leave_the_others_alone() -> None:
    config = SyntheticConfig(
        domains=("table", "math"), tasks=("sequence", "fraction"), train_per_domain=4, heldout_per_domain=1
    )
    sources = [problem.data_source.removeprefix("synthetic__") for problem in load_problems(config, "train")]
    assert sources == ["lookup"] * 4 + ["sequence", "fraction"] * 2
    assert load_problems(config, "train")[:4] == load_problems(
        SyntheticConfig(domains=("table",), train_per_domain=4), "train"
    )


def test_a_config_with_tasks_survives_being_written_down() -> None:
    config = SyntheticConfig(domains=("logic",), tasks=tasks_of("logic"))
    assert SyntheticConfig.model_validate_json(config.model_dump_json()) == config


def test_a_task_of_a_domain_that_is_left_out_names_both() -> None:
    with pytest.raises(SourceConfigError, match=r"zebra.*logic"):
        SyntheticSource(SyntheticConfig(domains=("math",), tasks=("zebra",)))
