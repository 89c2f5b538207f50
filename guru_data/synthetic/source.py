"""The synthetic source: draws distinct puzzles per domain and turns them into problems.

    Random(seed, domain, level, split) --task.draw--> Puzzle --side_of(content)--> Problem

Which side a puzzle is on is decided by its content; the draw goes on until the side has enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from random import Random

from guru_data.config import Level, SyntheticConfig
from guru_data.errors import SourceConfigError
from guru_data.problem import Domain, Message, Problem, Split
from guru_data.splits import side_of
from guru_data.synthetic.task import Puzzle, Task

TASKS: dict[Domain, str] = {
    "math": "guru_data.synthetic.math:AdditionTask",
    "logic": "guru_data.synthetic.logic:OrderingTask",
    "table": "guru_data.synthetic.table:LookupTask",
    "code": "guru_data.synthetic.code:ExpressionTask",
    "simulation": "guru_data.synthetic.simulation:LoopTask",
    "science": "guru_data.synthetic.science:QuantityTask",
}
HELDOUT_SHARE = 0.2
_LICENCE = "CC0-1.0"
_MAX_REPEATS = 2000
"""Draws in a row that bring no new problem, after which a task counts as exhausted."""


class SyntheticSource:
    """Problems of the configured domains, domain after domain."""

    def __init__(self, config: SyntheticConfig) -> None:
        self._config = config
        self._tasks = {domain: open_task(domain) for domain in config.domains}

    def problems(self, split: Split) -> Iterator[Problem]:
        for domain, puzzle in self.puzzles(split):
            yield _problem(self._tasks[domain], self._level(domain), puzzle, split)

    def rows(self) -> Iterator[Problem]:
        yield from self.problems("train")
        yield from self.problems("heldout")

    def files(self) -> list[Path]:
        return []

    def puzzles(self, split: Split) -> Iterator[tuple[Domain, Puzzle]]:
        """The puzzles behind `problems`, in the same order, with their answers."""
        config = self._config
        count = config.train_per_domain if split == "train" else config.heldout_per_domain
        for domain in config.domains:
            for puzzle in self._distinct(domain, split, count):
                yield domain, puzzle

    def draw(self, domain: Domain, split: Split, rng: Random) -> Puzzle:
        """A puzzle of the given side; the same one may come again."""
        for _ in range(_MAX_REPEATS):
            puzzle = self._tasks[domain].draw(rng, self._level(domain))
            if side_of(f"{domain}/{puzzle.content}", heldout_share=HELDOUT_SHARE) == split:
                return puzzle
        raise SourceConfigError(f"synthetic {domain} has no {split} problem among {_MAX_REPEATS} draws")

    def _level(self, domain: Domain) -> Level:
        return self._config.levels.get(domain, self._tasks[domain].usual_level)

    def _distinct(self, domain: Domain, split: Split, count: int) -> Iterator[Puzzle]:
        rng = Random(f"{self._config.seed}/{domain}/{self._level(domain)}/{split}")
        seen: set[str] = set()
        repeats = 0
        while len(seen) < count:
            puzzle = self.draw(domain, split, rng)
            if puzzle.content in seen:
                repeats += 1
                if repeats == _MAX_REPEATS:
                    raise self._exhausted(domain, split, len(seen), count)
                continue
            seen.add(puzzle.content)
            repeats = 0
            yield puzzle

    def _exhausted(self, domain: Domain, split: Split, found: int, count: int) -> SourceConfigError:
        return SourceConfigError(
            f"synthetic {domain} at level {self._level(domain)} has about {found} distinct {split} problems, "
            f"{split}_per_domain asks for {count}: lower it or raise levels.{domain}"
        )


def open_task(domain: Domain) -> Task:
    """The task of a domain."""
    module, _, name = TASKS[domain].partition(":")
    task: Task = getattr(import_module(module), name)()
    return task


def as_prompt(puzzle: Puzzle) -> tuple[Message, ...]:
    """What the model is asked, as one user message."""
    return (Message(role="user", content=puzzle.prompt),)


def _problem(task: Task, level: Level, puzzle: Puzzle, split: Split) -> Problem:
    digest = hashlib.sha256(puzzle.prompt.encode()).hexdigest()[:16]
    return Problem(
        id=f"{task.data_source}/{level}/{digest}",
        prompt=as_prompt(puzzle),
        domain=task.domain,
        data_source=task.data_source,
        verifier=task.verifier,
        ground_truth=puzzle.ground_truth,
        extra=puzzle.extra,
        source=f"synthetic, level {level}",
        licence=_LICENCE,
        split=split,
        difficulty=f"level {level}",
    )
