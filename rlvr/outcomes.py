"""What counts as right, and what a step's groups tell a curriculum: how each problem went.

    list[ScoredGroup] --step_outcomes--> {problem id: Outcome}

Samples without a reward (lost, undecided, masked) say nothing about the problem and are left out; so is
a problem that has no others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from guru_data import Outcome
from rlvr.rollouts import ScoredGroup
from verifiers import Verdict

PASS_MARK = 0.5
"""A sample with at least this score is right; partial credit of most verifiers is rarer than 0 and 1."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """One sample that has a reward."""

    reward: float
    right: bool
    tokens: int


def is_right(verdict: Verdict) -> bool:
    """Whether a verdict says that the response is right."""
    return verdict.score is not None and verdict.score >= PASS_MARK


def step_outcomes(scored: Iterable[ScoredGroup]) -> dict[str, Outcome]:
    """Outcomes by problem id; a problem that was drawn twice counts with all its samples."""
    tried: dict[str, list[_Tried]] = defaultdict(list)
    for group in scored:
        tried[group.group.problem.id] += _tried(group)
    return {problem: _outcome(samples) for problem, samples in tried.items() if samples}


def _tried(group: ScoredGroup) -> list[_Tried]:
    return [
        _Tried(float(reward), is_right(sample.verdict), len(sample.rollout.completion_ids))
        for sample, reward in zip(group.group.samples, group.rewards_G, strict=True)
        if np.isfinite(reward) and sample.rollout is not None and sample.verdict is not None
    ]


def _outcome(samples: Sequence[_Tried]) -> Outcome:
    right = [sample.tokens for sample in samples if sample.right]
    return Outcome(
        samples=len(samples),
        correct=len(right),
        reward=sum(sample.reward for sample in samples) / len(samples),
        longest_correct=max(right, default=0),
        mean_correct=sum(right) / len(right) if right else 0.0,
    )
