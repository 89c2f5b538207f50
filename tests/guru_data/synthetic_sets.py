"""Synthetic problems of every task and level, with the answers they bring, for tests and the benchmark."""

from __future__ import annotations

from typing import get_args

from guru_data import Domain, Problem, SyntheticConfig
from guru_data.config import Level, TaskName
from guru_data.synthetic.source import SyntheticSource
from guru_data.synthetic.task import Puzzle
from guru_data.synthetic.tasks import TASKS, open_task

LEVELS: tuple[Level, ...] = get_args(Level)


def tasks_of(domain: Domain) -> tuple[TaskName, ...]:
    """The names of a domain's tasks."""
    return tuple(name for name in TASKS if open_task(name).domain == domain)


def task_config(
    name: TaskName, level: Level, *, train: int, heldout: int = 1, seed: int = 0
) -> SyntheticConfig:
    """Problems of one task only."""
    domain = open_task(name).domain
    return SyntheticConfig(
        seed=seed,
        domains=(domain,),
        tasks=(name,),
        levels={domain: level},
        train_per_domain=train,
        heldout_per_domain=heldout,
    )


def drawn(config: SyntheticConfig) -> list[tuple[Problem, Puzzle]]:
    """The training problems of a config, each with the puzzle behind it."""
    pairs = SyntheticSource(config).puzzles("train")
    return [(chosen.problem(puzzle, "train"), puzzle) for chosen, puzzle in pairs]


def hardest_of(domain: Domain, count: int) -> SyntheticConfig:
    """So many training problems of a domain, of all its tasks in turn, at the level where each has most."""
    return SyntheticConfig(
        domains=(domain,), tasks=tasks_of(domain), levels={domain: max(LEVELS)}, train_per_domain=count
    )
