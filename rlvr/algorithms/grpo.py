"""Group relative policy optimisation: a rollout is as good as it is better than its siblings."""

from __future__ import annotations

import numpy as np

from rlvr.config import GRPOConfig
from rlvr.rollouts import FloatArray


class GRPO:
    """Rewards centred on the group's mean, and scaled by its spread if so configured."""

    def __init__(self, config: GRPOConfig) -> None:
        self._normalize_std = config.normalize_std

    def advantages(self, rewards_G: FloatArray) -> FloatArray:
        return group_advantages(rewards_G, normalize_std=self._normalize_std)


def group_advantages(rewards_G: FloatArray, *, normalize_std: bool) -> FloatArray:
    """Center the rewards of one group and scale them by their spread.

    A_i = (r_i - mean(r)) / std(r). A group whose rewards are all equal teaches nothing and gets
    exact zeros. That case is tested on the rewards themselves: three rewards of 0.1 have std
    1.4e-17, and dividing by it yields -1, not 0.

    Args:
        rewards_G: shape (G,), unitless, one per rollout of the same problem. Drop undecided
            rollouts first; NaN is rejected, not averaged away.
        normalize_std: False leaves out the division, as Dr. GRPO does (arXiv:2503.20783). That is half of
            Dr. GRPO: it also divides the loss by a constant, where the learner's is the mean over the
            completion tokens of an optimizer step's used rollouts.

    Returns:
        shape (G,), mean 0 to within rounding.

    Raises:
        ValueError: G < 2, or a reward is not finite.

    Source: Shao et al. 2024, DeepSeekMath, arXiv:2402.03300, section 4.1.2.
    """
    rewards = np.asarray(rewards_G, np.float64)
    if len(rewards) < 2 or not np.isfinite(rewards).all():
        raise ValueError(f"a group needs two or more finite rewards, got {rewards.tolist()}")
    if (rewards == rewards[0]).all():
        return np.zeros(len(rewards), np.float32)
    centred = rewards - rewards.mean()
    return (centred / rewards.std() if normalize_std else centred).astype(np.float32)
