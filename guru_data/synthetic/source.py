"""The synthetic source: draws distinct puzzles per task and turns them into problems.

    Random(seed, domain, level, split) --task.draw--> Puzzle --side_of(content)--> Problem

Which side a puzzle is on is decided by its content; the draw goes on until the side has enough. The
tasks of one domain take turns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from guru_data.config import Level, SyntheticConfig, TaskName
from guru_data.errors import SourceConfigError
from guru_data.problem import Domain, Message, Problem, Split
from guru_data.splits import side_of
from guru_data.synthetic.task import Puzzle, Task
from guru_data.synthetic.tasks import USUAL_TASKS, open_task

HELDOUT_SHARE = 0.2
_LICENCE = "CC0-1.0"
_MAX_REPEATS = 2000
"""Draws in a row that bring no new problem, after which a task counts as exhausted."""


@dataclass(frozen=True)
class ChosenTask:
    """A task with the level that a config asks of it."""

    name: TaskName
    task: Task
    level: Level

    def draw(self, split: Split, rng: Random) -> Puzzle:
        """A puzzle of the given side; the same one may come again."""
        for _ in range(_MAX_REPEATS):
            puzzle = self.task.draw(rng, self.level)
            if side_of(f"{self.task.domain}/{puzzle.content}", heldout_share=HELDOUT_SHARE) == split:
                return puzzle
        raise SourceConfigError(f"synthetic {self.name} has no {split} problem among {_MAX_REPEATS} draws")

    def problem(self, puzzle: Puzzle, split: Split) -> Problem:
        """A drawn puzzle as a problem of that side."""
        digest = hashlib.sha256(puzzle.prompt.encode()).hexdigest()[:16]
        return Problem(
            id=f"{self.task.data_source}/{self.level}/{digest}",
            prompt=as_prompt(puzzle),
            domain=self.task.domain,
            data_source=self.task.data_source,
            verifier=self.task.verifier,
            ground_truth=puzzle.ground_truth,
            extra=puzzle.extra,
            source=f"synthetic, level {self.level}",
            licence=_LICENCE,
            split=split,
            difficulty=f"level {self.level}",
        )

    def distinct(self, split: Split, seed: int) -> Iterator[Puzzle]:
        """Puzzles of the given side, none twice.

        Raises:
            SourceConfigError: the task has no more of them.
        """
        rng = Random(f"{seed}/{self.task.domain}/{self.level}/{split}")
        seen: set[str] = set()
        repeats = 0
        while repeats < _MAX_REPEATS:
            puzzle = self.draw(split, rng)
            if puzzle.content in seen:
                repeats += 1
                continue
            seen.add(puzzle.content)
            repeats = 0
            yield puzzle
        domain = self.task.domain
        raise SourceConfigError(
            f"synthetic {self.name} of {domain} at level {self.level} has about {len(seen)} distinct {split} "
            f"problems: lower {split}_per_domain or raise levels.{domain}"
        )


class SyntheticSource:
    """Problems of the configured tasks, domain after domain.

    Raises:
        SourceConfigError: a task is of a domain that the config leaves out.
    """

    def __init__(self, config: SyntheticConfig) -> None:
        self._config = config
        self._by_domain = _chosen_tasks(config)
        self.tasks = [chosen for tasks in self._by_domain.values() for chosen in tasks]

    def problems(self, split: Split) -> Iterator[Problem]:
        for chosen, puzzle in self.puzzles(split):
            yield chosen.problem(puzzle, split)

    def rows(self) -> Iterator[Problem]:
        yield from self.problems("train")
        yield from self.problems("heldout")

    def files(self) -> list[Path]:
        return []

    def puzzles(self, split: Split) -> Iterator[tuple[ChosenTask, Puzzle]]:
        """The puzzles behind `problems`, in the same order, with their answers."""
        config = self._config
        count = config.train_per_domain if split == "train" else config.heldout_per_domain
        for tasks in self._by_domain.values():
            streams = [(chosen, chosen.distinct(split, config.seed)) for chosen in tasks]
            for index in range(count):
                chosen, stream = streams[index % len(streams)]
                yield chosen, next(stream)


def _chosen_tasks(config: SyntheticConfig) -> dict[Domain, list[ChosenTask]]:
    named = [(name, open_task(name)) for name in config.tasks]
    for name, task in named:
        if task.domain not in config.domains:
            raise SourceConfigError(
                f"synthetic: tasks names {name}, domains must name its domain {task.domain}"
            )
    chosen: dict[Domain, list[ChosenTask]] = {}
    for domain in config.domains:
        usual = USUAL_TASKS[domain]
        tasks = [pair for pair in named if pair[1].domain == domain] or [(usual, open_task(usual))]
        chosen[domain] = [
            ChosenTask(name, task, config.levels.get(domain, task.usual_level)) for name, task in tasks
        ]
    return chosen


def as_prompt(puzzle: Puzzle) -> tuple[Message, ...]:
    """What the model is asked, as one user message."""
    return (Message(role="user", content=puzzle.prompt),)
