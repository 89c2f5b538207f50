"""Groups of random rollouts, for tests of scoring, packing and the learner."""

from __future__ import annotations

import numpy as np

from guru_data import Message, Problem
from rlvr.algorithms.grpo import GRPO
from rlvr.config import GRPOConfig, RewardConfig
from rlvr.rollouts import Rollout, RolloutGroup, Sample, ScoredGroup, VersionSpan
from rlvr.score import score_step
from verifiers import Verdict, VerdictStatus

PROBLEM = Problem(
    id="p",
    prompt=(Message(role="user", content="1+1=?"),),
    domain="math",
    data_source="test",
    verifier="math",
    ground_truth="2",
    source="test",
    licence="CC0-1.0",
    split="train",
)


def verdict(score: float | None, status: VerdictStatus = VerdictStatus.GRADED) -> Verdict:
    """A verdict as the math verifier would give it."""
    if score is None:
        status = VerdictStatus.UNDECIDED
    return Verdict(
        status=status, score=score, reason="test", verifier="math", version="1", digest="d", elapsed_ms=0.1
    )


def random_rollout(rng: np.random.Generator, vocabulary: int) -> Rollout:
    prompt, completion = (rng.integers(3, vocabulary, rng.integers(2, 20)).astype(np.int32) for _ in range(2))
    return Rollout(
        problem_id="p",
        prompt_ids=prompt,
        completion_ids=completion,
        logprobs_T=rng.normal(-6.0, 0.1, len(completion)).astype(np.float32),
        text="",
        finish_reason="stop",
        spans=(VersionSpan(0, 0, len(completion)),),
    )


def group(
    rng: np.random.Generator, verdicts: tuple[Verdict | None, ...], vocabulary: int = 300
) -> RolloutGroup:
    """One group; a sample without a verdict was lost with its verifier."""
    samples = [
        Sample(f"g-{i}", random_rollout(rng, vocabulary), given, None if given else "verifier_down")
        for i, given in enumerate(verdicts)
    ]
    return RolloutGroup(0, "g", PROBLEM, tuple(samples))


def scored_group(rng: np.random.Generator, rewards: tuple[float, ...], vocabulary: int) -> ScoredGroup:
    made = group(rng, tuple(verdict(reward) for reward in rewards), vocabulary)
    return score_step([made], RewardConfig(), GRPO(GRPOConfig()))[0]
