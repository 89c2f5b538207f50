"""A policy that learns: it answers right more often the newer its weights are.

    (problem, index in its group, weights version) -> a completion, the same every time

Right answers are those of the puzzle; wrong ones are the puzzle's own slip, another puzzle's answer, or none
at all, as a small model's are. Habits (`Habit`) are what a fault makes of some of its completions.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from guru_data import Problem, SyntheticConfig
from guru_data.synthetic.source import SyntheticSource
from guru_data.synthetic.task import Puzzle

START_SKILL, END_SKILL = 0.2, 0.9
SLIP_SHARE, EVASIVE_SHARE = 0.3, 0.1
"""Of the wrong answers: a slip of a worked one, and none at all; the others belong to other puzzles."""

Habit = Callable[[Problem, Puzzle, Random], str]
"""How a rollout is answered instead of as learned."""


class LearningPolicy:
    """The same seed answers the same; `steps` is when it has learned all it will."""

    def __init__(self, config: SyntheticConfig, *, seed: int, steps: int) -> None:
        source = SyntheticSource(config)
        both = [
            pair
            for split in ("train", "heldout")
            for pair in zip(source.problems(split), source.puzzles(split), strict=True)
        ]
        self.puzzles: dict[str, tuple[Problem, Puzzle]] = {p.id: (p, puzzle) for p, (_, puzzle) in both}
        self._others: dict[str, list[Puzzle]] = {}
        for problem, (_, puzzle) in both:
            self._others.setdefault(problem.domain, []).append(puzzle)
        self._seed, self._steps = seed, steps
        self._habit: tuple[str, float, int, Habit] | None = None

    def take_up(self, habit: Habit, *, domain: str, share: float, after: int = 0) -> None:
        """From version `after` on, answer a share of a domain's rollouts by habit."""
        self._habit = (domain, share, after, habit)

    def __call__(self, problem_id: str, index: int, version: int) -> str:
        problem, puzzle = self.puzzles[problem_id]
        rng = Random(f"{self._seed}/{problem_id}/{index}/{version}")
        learned = self._learned(problem, puzzle, version, rng)
        if self._habit is not None:
            domain, share, after, habit = self._habit
            if problem.domain == domain and version >= after and rng.random() < share:
                return habit(problem, puzzle, rng)
        return learned

    def _learned(self, problem: Problem, puzzle: Puzzle, version: int, rng: Random) -> str:
        ease = Random(f"{self._seed}/{problem.id}").uniform(0.6, 1.1)
        skill = START_SKILL + (END_SKILL - START_SKILL) * min(1.0, version / self._steps)
        if rng.random() < skill * ease:
            return puzzle.worked
        draw = rng.random()
        if draw < SLIP_SHARE:
            return puzzle.wrong
        if draw < SLIP_SHARE + EVASIVE_SHARE:
            return "I am not sure."
        return rng.choice(self._others[problem.domain]).guess
