"""The run in a sentence each: did the reward move, and did held-out accuracy move with it?

    RunSummary --reward_movement, held_out_movements--> Movement(before, after, word)

A movement within the 95 % interval of no movement is called none; of few steps the interval is Student's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np

from rlvr.audit.report.summary import Evaluation, RunSummary
from rlvr.evaluate import paired_difference


@dataclass(frozen=True, slots=True)
class Movement:
    """A value before and after training, with the standard error of each (None: unknown)."""

    name: str
    before: float
    after: float
    before_stderr: float | None
    after_stderr: float | None
    paired_stderr: float | None = None
    """Of the change, where both ends saw the same problems and each one's result is known."""
    freedom: float = math.inf
    """Degrees of freedom of the change's standard error."""

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def change_stderr(self) -> float | None:
        """Of the difference: paired by problem where that is known, else as if the ends were independent."""
        if self.paired_stderr is not None:
            return self.paired_stderr
        if self.before_stderr is None or self.after_stderr is None:
            return None
        return math.hypot(self.before_stderr, self.after_stderr)

    @property
    def change_margin(self) -> float | None:
        """Half the width of the change's 95 % interval."""
        return None if self.change_stderr is None else student(self.freedom) * self.change_stderr

    @property
    def word(self) -> str:
        """`rose`, `fell` or `did not move`."""
        if abs(self.change) <= (self.change_margin or 0.0):
            return "did not move"
        return "rose" if self.change > 0 else "fell"


def movement_of(name: str, first: Sequence[float], last: Sequence[float]) -> Movement:
    """From the mean of the values at one end to that of those at the other, by Welch's t.

    Source: Welch 1947, The generalization of Student's problem when several different population variances
    are involved.
    """
    before, after = _stderr(first), _stderr(last)
    variance = before**2 + after**2
    freedom = math.inf
    if variance > 0:
        freedom = variance**2 / (before**4 / max(1, len(first) - 1) + after**4 / max(1, len(last) - 1))
    return Movement(name, fmean(first), fmean(last), before, after, freedom=freedom)


_STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 8: 2.306, 12: 2.179, math.inf: 1.960}


def student(freedom: float) -> float:
    """What 95 % of Student's t are within, from a table whose logarithms go with 1 / freedom; to 3 %."""
    shares = [1 / key for key in reversed(_STUDENT)]
    return math.exp(np.interp(1 / freedom, shares, [math.log(t) for t in reversed(_STUDENT.values())]))


def reward_movement(summary: RunSummary) -> Movement | None:
    """Mean reward of the first steps against the last ones; None with fewer than four steps."""
    first, last = summary.reward.first, summary.reward.last
    if len(summary.reward.points) < 4:
        return None
    return movement_of("mean reward", first, last)


def held_out_movements(summary: RunSummary) -> list[Movement]:
    """pass@1 of each split, first evaluation against last; splits evaluated once are left out."""
    return [
        _pass_at_1(split, found[0], found[-1])
        for split, found in summary.evaluations.items()
        if len(found) > 1
    ]


def evaluation_movements(found: Sequence[Evaluation]) -> dict[str, list[Movement]]:
    """All that the first and the last evaluation of a split measured, in the groups of a table.

    A domain's pass@1 has no standard error of its own. What one of the two lacks is left out.
    """
    first, last = found[0], found[-1]
    overall = _pass_at_1("pass@1", first, last)
    shares = [
        ("answers in the asked form", first.form_share, last.form_share),
        ("right among those", first.pass_given_form, last.pass_given_form),
    ]
    domains = [(name, first.domains.get(name), value) for name, value in sorted(last.domains.items())]
    return {"overall": [overall], "domains": _known(domains), "form": _known(shares)}


def _pass_at_1(name: str, first: Evaluation, last: Evaluation) -> Movement:
    paired = None
    if first.kept is not None and last.kept is not None:
        stderr = paired_difference(first.kept, last.kept).stderr
        paired = stderr if math.isfinite(stderr) else None
    return Movement(name, first.pass_at_1, last.pass_at_1, first.stderr, last.stderr, paired)


def _known(values: Sequence[tuple[str, float | None, float | None]]) -> list[Movement]:
    return [
        Movement(name, before, after, None, None)
        for name, before, after in values
        if before is not None and after is not None
    ]


def _stderr(values: Sequence[float]) -> float:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
