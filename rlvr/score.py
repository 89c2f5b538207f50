"""From verdicts to rewards and advantages: the policy half of "a verdict is a fact, a reward is a policy".

    Verdict --reward_of--> reward --algorithm, group by group--> advantage, or a reason why not

A failure of ours (lost, undecided) has no reward at all: NaN here, masked in the batch, counted
in the ledger. It is never a zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlvr.algorithms.base import Algorithm
from rlvr.config import RewardConfig
from rlvr.rollouts import FloatArray, RolloutGroup, Sample, ScoredGroup
from verifiers import VerdictStatus

ZERO_VARIANCE = "zero_variance"
LONE_SURVIVOR = "lone_survivor"
"""The only sample of its group with a reward: there is nothing to compare it with."""


def reward_of(sample: Sample, config: RewardConfig) -> tuple[float, str | None]:
    """The reward of one sample, and why it is dropped where it has none (reward NaN)."""
    if sample.rollout is None or sample.verdict is None:
        return np.nan, sample.lost or "lost"
    if sample.rollout.finish_reason == "length" and config.truncated == "mask":
        return np.nan, "truncated"
    verdict = sample.verdict
    if verdict.status is VerdictStatus.UNDECIDED or verdict.score is None:
        return np.nan, "undecided"
    if verdict.status is VerdictStatus.NO_ANSWER:
        return config.no_answer, None
    return verdict.score, None


def score_step(
    groups: Sequence[RolloutGroup],
    config: RewardConfig,
    algorithm: Algorithm,
    permute: np.random.Generator | None = None,
) -> list[ScoredGroup]:
    """Rewards and advantages of one step's groups.

    Args:
        groups: the step's groups, verified.
        config: the reward policy.
        algorithm: computes the advantages of each group.
        permute: shuffles the rewards across all samples that have one: the control in which
            rewards carry no information, and which must therefore not learn.
    """
    found = [[reward_of(sample, config) for sample in group.samples] for group in groups]
    rewards = [np.array([reward for reward, _ in group], np.float32) for group in found]
    if permute is not None:
        rewards = _permuted(rewards, permute)
    return [
        _score(group, rewards_G, [why for _, why in reasons], algorithm)
        for group, rewards_G, reasons in zip(groups, rewards, found, strict=True)
    ]


def _score(
    group: RolloutGroup, rewards_G: FloatArray, dropped_G: list[str | None], algorithm: Algorithm
) -> ScoredGroup:
    advantages_G = np.full(len(rewards_G), np.nan, np.float32)
    rewarded = np.isfinite(rewards_G)
    why_none: str | None = None
    if rewarded.sum() == 1:
        why_none = LONE_SURVIVOR
    elif rewarded.any():
        advantages_G[rewarded] = algorithm.advantages(rewards_G[rewarded])
        why_none = None if advantages_G[rewarded].any() else ZERO_VARIANCE
    reasons = tuple(why_none if has else why for has, why in zip(rewarded, dropped_G, strict=True))
    return ScoredGroup(group, rewards_G, advantages_G, reasons)


def _permuted(rewards: Sequence[FloatArray], rng: np.random.Generator) -> list[FloatArray]:
    flat = np.concatenate(rewards)
    rewarded = np.isfinite(flat)
    flat[rewarded] = rng.permutation(flat[rewarded])
    return np.split(flat, np.cumsum([len(group) for group in rewards])[:-1])
