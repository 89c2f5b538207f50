"""The run in a sentence each: did the reward move, and did held-out accuracy move with it?

    RunSummary --reward_movement, held_out_movements--> Movement(before, after, word)

A movement within twice its standard error is called none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

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
    def word(self) -> str:
        """`rose`, `fell` or `did not move`."""
        if abs(self.change) <= 2 * (self.change_stderr or 0.0):
            return "did not move"
        return "rose" if self.change > 0 else "fell"


def reward_movement(summary: RunSummary) -> Movement | None:
    """Mean reward of the first steps against the last ones; None with fewer than four steps."""
    first, last = summary.reward.first, summary.reward.last
    if len(summary.reward.points) < 4:
        return None
    return Movement("mean reward", fmean(first), fmean(last), _stderr(first), _stderr(last))


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


def _stderr(values: list[float]) -> float:
    return stdev(values) / math.sqrt(len(values))
