"""What a run would have been taught by other verdicts, group by group.

    Pairs of a group --teach--> added to a Teaching

Rewards and advantages are made anew from both verdicts by the reward policy and the algorithm. A rollout that
a sample left out keeps its verdict, and those drawn count for it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rlvr.algorithms.base import Algorithm
from rlvr.config import RewardConfig
from rlvr.rollouts import FinishReason, FloatArray, Rollout, Sample
from rlvr.score import reward_of
from verifiers import Verdict, VerdictStatus

Flip = tuple[str, str, str, str, str]
"""domain, outcome, its reason, the other outcome, its reason."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row with both verdicts, the first one twice where there is no second."""

    group: tuple[int, int, str]
    """Step, attempt, id."""
    domain: str
    tokens: int
    finish_reason: str | None
    was: tuple[str | None, float | None, str, str]
    """status, score, outcome, reason."""
    other: tuple[str | None, float | None, str, str]
    weight: float
    """How many rollouts the second verdict stands for; 0 where there is none."""

    @property
    def differs(self) -> bool:
        return self.was[2] != self.other[2]

    @property
    def flip(self) -> Flip:
        return (self.domain, *self.was[2:], *self.other[2:])


@dataclass(slots=True)
class Teaching:
    """What the other verdicts would have changed in training."""

    groups: int = 0
    sign_changed: int = 0
    """Groups in which some rollout's advantage changes its sign, to or from zero included."""
    became_flat: int = 0
    """Groups that taught something and would not have."""
    ceased_flat: int = 0
    tokens: int = 0
    """Completion tokens with an advantage other than zero."""
    tokens_pushed_wrong: int = 0
    """Those of them whose advantage has the opposite sign under the other verdicts."""
    weight: float = 0.0
    """Sum of |advantage|; this and what follows are of all rollouts for which second verdicts stand."""
    weight_wrong: float = 0.0
    """Of those whose advantage has another sign under the other verdicts."""
    rewarded: float = 0.0
    """Rollouts with both rewards."""
    reward_added: float = 0.0
    """Sum of their rewards under the other verdicts less that under ours."""
    harm: dict[Flip, float] = field(default_factory=dict)
    """Sum of |change of advantage| x tokens, by kind of flip."""

    @property
    def weighted_error(self) -> float:
        """Share of the weight of all advantages that pushed another way than it should have."""
        return self.weight_wrong / self.weight if self.weight else 0.0

    @property
    def reward_change(self) -> float:
        """Mean reward under the other verdicts less that under ours."""
        return self.reward_added / self.rewarded if self.rewarded else 0.0


def teach(teaching: Teaching, pairs: Sequence[Pair], policy: RewardConfig, algorithm: Algorithm) -> None:
    """Add one group to the account."""
    was_G = _rewards([_sample(pair.finish_reason, *pair.was[:2]) for pair in pairs], policy)
    other_G = _rewards([_sample(pair.finish_reason, *pair.other[:2]) for pair in pairs], policy)
    before_G, after_G = _advantages(was_G, algorithm), _advantages(other_G, algorithm)
    turned_G = np.sign(before_G) != np.sign(after_G)
    tokens_G = np.array([pair.tokens for pair in pairs])
    teaching.groups += 1
    teaching.sign_changed += bool(turned_G.any())
    teaching.became_flat += bool(before_G.any() and not after_G.any())
    teaching.ceased_flat += bool(after_G.any() and not before_G.any())
    teaching.tokens += int(tokens_G[before_G != 0].sum())
    teaching.tokens_pushed_wrong += int(tokens_G[before_G * after_G < 0].sum())
    weights_G = np.array([pair.weight for pair in pairs])
    pushes_G = np.abs(before_G) * weights_G
    teaching.weight += float(pushes_G.sum())
    teaching.weight_wrong += float(pushes_G[turned_G].sum())
    both_G = np.isfinite(was_G) & np.isfinite(other_G)
    teaching.rewarded += float(weights_G[both_G].sum())
    teaching.reward_added += float((weights_G * (other_G - was_G))[both_G].sum())
    for pair, moved in zip(pairs, np.abs(after_G - before_G) * tokens_G * weights_G, strict=True):
        if pair.differs and moved:
            teaching.harm[pair.flip] = teaching.harm.get(pair.flip, 0.0) + float(moved)


def _rewards(samples: Sequence[Sample], policy: RewardConfig) -> FloatArray:
    return np.array([reward_of(sample, policy)[0] for sample in samples], np.float32)


def _advantages(rewards_G: FloatArray, algorithm: Algorithm) -> FloatArray:
    """Zero where a rollout has no reward or nothing to be compared with."""
    advantages_G = np.zeros(len(rewards_G), np.float32)
    rewarded = np.isfinite(rewards_G)
    if rewarded.sum() > 1:
        advantages_G[rewarded] = algorithm.advantages(rewards_G[rewarded])
    return advantages_G


_NO_IDS, _NO_LOGPROBS = np.empty(0, np.int32), np.empty(0, np.float32)


def _sample(finish_reason: str | None, status: str | None, score: float | None) -> Sample:
    """As much of a rollout as the reward policy looks at."""
    if status is None:
        return Sample("", None, None)
    reason: FinishReason = "length" if finish_reason == "length" else "stop"
    rollout = Rollout("", _NO_IDS, _NO_IDS, _NO_LOGPROBS, "", reason, ())
    return Sample("", rollout, Verdict(status=VerdictStatus(status), score=score, reason="stored"))
