"""The run in a sentence each: did the reward move, and did held-out accuracy move with it?

    RunSummary --reward_movement, held_out_movements--> Movement(before, after, word)

A movement within twice its standard error is called none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev

from rlvr.audit.summary import EDGE_STEPS, RunSummary


@dataclass(frozen=True, slots=True)
class Movement:
    """A value before and after training, with the standard error of each (None: unknown)."""

    name: str
    before: float
    after: float
    before_stderr: float | None
    after_stderr: float | None

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def change_stderr(self) -> float | None:
        """Of the difference, taking both ends as independent."""
        if self.before_stderr is None or self.after_stderr is None:
            return None
        return math.hypot(self.before_stderr, self.after_stderr)

    @property
    def word(self) -> str:
        """`rose`, `fell` or `did not move`."""
        if abs(self.change) <= 2 * (self.change_stderr or 0.0):
            return "did not move"
        return "rose" if self.change > 0 else "fell"


def reward_movement(summary: RunSummary) -> Movement | None:
    """Mean reward of the first five steps against the last five; None with fewer than four steps."""
    values = [value for _, value in summary.reward.points]
    if len(values) < 4:
        return None
    edge = min(EDGE_STEPS, len(values) // 2)
    before, after = values[:edge], values[-edge:]
    return Movement("mean reward", fmean(before), fmean(after), _stderr(before), _stderr(after))


def held_out_movements(summary: RunSummary) -> list[Movement]:
    """pass@1 of each split, first evaluation against last; splits evaluated once are left out."""
    pairs = [(split, found[0], found[-1]) for split, found in summary.evaluations.items() if len(found) > 1]
    return [
        Movement(split, first.pass_at_1, last.pass_at_1, first.stderr, last.stderr)
        for split, first, last in pairs
    ]


def _stderr(values: list[float]) -> float:
    return stdev(values) / math.sqrt(len(values))
