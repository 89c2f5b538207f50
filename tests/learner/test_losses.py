from __future__ import annotations

import numpy as np
import pytest
import torch

from rlvr.algorithms.grpo import group_advantages
from rlvr.learner.losses import clipped_policy_loss


def test_the_loss_of_four_tokens_is_what_one_computes_by_hand() -> None:
    # ratios 1, 2, 0.5, 2 with advantages 1, 1, 1, -1; clipped to [0.8, 1.2]:
    # min(1, 1) = 1; min(2, 1.2) = 1.2; min(0.5, 0.8) = 0.5; min(-2, -1.2) = -2. Sum 0.7.
    ratios = torch.tensor([1.0, 2.0, 0.5, 2.0])
    old = torch.tensor([-1.0, -2.0, -0.5, -3.0])
    loss = clipped_policy_loss(
        old + ratios.log(), old, torch.tensor([1.0, 1.0, 1.0, -1.0]), clip_low=0.2, clip_high=0.2
    )
    assert loss.item() == pytest.approx(-0.7, abs=1e-6)


def test_a_clipped_token_has_no_gradient_and_an_unclipped_one_its_ratio_times_advantage() -> None:
    ratios = torch.tensor([1.1, 2.0, 0.5, 0.5])
    advantages = torch.tensor([3.0, 1.0, -1.0, 1.0])
    old = torch.full((4,), -1.0)
    new = (old + ratios.log()).requires_grad_()
    clipped_policy_loss(new, old, advantages, clip_low=0.2, clip_high=0.2).backward()
    assert new.grad is not None
    # Too likely already and good, or too unlikely already and bad: clipped. Recoveries are not.
    assert new.grad.tolist() == pytest.approx([-3.3, 0.0, 0.0, -0.5], abs=1e-5)


def test_advantages_are_centred_and_scaled_by_the_group() -> None:
    assert group_advantages(np.float32([1, 0, 0, 0]), normalize_std=True) == pytest.approx(
        [3**0.5, -(3**-0.5), -(3**-0.5), -(3**-0.5)]
    )
    assert group_advantages(np.float32([1, 0, 0, 0]), normalize_std=False).tolist() == [
        0.75,
        -0.25,
        -0.25,
        -0.25,
    ]


def test_a_group_of_equal_rewards_has_exactly_zero_advantages() -> None:
    assert group_advantages(np.float32([0.1, 0.1, 0.1]), normalize_std=True).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("rewards", [[1.0], [1.0, float("nan")]], ids=["lone", "nan"])
def test_a_reward_that_cannot_be_compared_is_refused(rewards: list[float]) -> None:
    with pytest.raises(ValueError, match="two or more finite rewards"):
        group_advantages(np.float32(rewards), normalize_std=True)
