from __future__ import annotations

import numpy as np
import pytest

from rlvr.algorithms.grpo import GRPO
from rlvr.config import GRPOConfig, RewardConfig
from rlvr.score import score_step
from tests.loop.groups import group, verdict
from verifiers import Verdict, VerdictStatus

NO_ANSWER = verdict(0.0, VerdictStatus.NO_ANSWER)


def score(*verdicts: Verdict | None, config: RewardConfig | None = None):
    made = group(np.random.default_rng(0), verdicts)
    return score_step([made], config or RewardConfig(), GRPO(GRPOConfig()))[0]


def test_an_undecided_or_lost_sample_has_no_reward_and_its_siblings_are_compared_without_it() -> None:
    scored = score(verdict(1.0), verdict(None), None, verdict(0.0))
    assert scored.dropped_G == (None, "undecided", "verifier_down", None)
    assert np.isnan(scored.rewards_G[[1, 2]]).all()
    assert scored.advantages_G[[0, 3]].tolist() == [1.0, -1.0]


def test_a_missing_answer_is_a_zero_that_the_config_may_punish() -> None:
    assert score(verdict(1.0), NO_ANSWER).rewards_G.tolist() == [1.0, 0.0]
    punished = score(verdict(1.0), NO_ANSWER, config=RewardConfig(no_answer=-0.5))
    assert punished.rewards_G.tolist() == [1.0, -0.5]


def test_a_group_of_equal_rewards_is_dropped_as_a_whole() -> None:
    assert score(verdict(1.0), verdict(1.0), verdict(None)).dropped_G == (
        "zero_variance",
        "zero_variance",
        "undecided",
    )


def test_a_lone_survivor_has_nothing_to_be_compared_with() -> None:
    assert score(verdict(1.0), None).dropped_G == ("lone_survivor", "verifier_down")


def test_a_group_that_lost_everything_has_no_rewards() -> None:
    scored = score(None, None)
    assert scored.used == 0
    assert np.isnan(scored.rewards_G).all()


def test_permuted_rewards_keep_their_sum_and_leave_the_unrewarded_alone() -> None:
    rng = np.random.default_rng(0)
    groups = [group(rng, (verdict(1.0), verdict(1.0), None, verdict(1.0))) for _ in range(4)]
    groups += [group(rng, (verdict(0.0), verdict(0.0), None, verdict(0.0))) for _ in range(4)]
    scored = score_step(groups, RewardConfig(), GRPO(GRPOConfig()), permute=np.random.default_rng(1))
    rewards = np.concatenate([g.rewards_G for g in scored])
    assert np.nansum(rewards) == pytest.approx(12.0)
    assert np.isnan(rewards).sum() == 8
    assert any(0.0 < np.nanmean(g.rewards_G) < 1.0 for g in scored)
