"""Policy-gradient losses on per-token log-probabilities. Shape: N scored tokens."""

from __future__ import annotations

import torch
from torch import Tensor


def clipped_policy_loss(
    logprobs_N: Tensor, old_logprobs_N: Tensor, advantages_N: Tensor, *, clip_low: float, clip_high: float
) -> Tensor:
    """The clipped surrogate, summed over tokens, to be divided by the batch's token count.

    -sum_t min(w_t A_t, clip(w_t, 1 - clip_low, 1 + clip_high) A_t),  w_t = exp(logp_t - old_t)

    Summing here and dividing by the tokens of the *whole* batch weighs every token alike,
    however the batch was cut into micro-batches (token-level normalisation, DAPO,
    arXiv:2503.14476, equation 12).

    Args:
        logprobs_N: shape (N,), nats, under the current weights; carries the gradient.
        old_logprobs_N: shape (N,), nats, as the engine that sampled the tokens reported them.
        advantages_N: shape (N,), each token's rollout's advantage.

    Returns:
        A scalar.

    Source: Schulman et al. 2017, PPO, arXiv:1707.06347, equation 7; GRPO, arXiv:2402.03300, equation 3.
    """
    ratio_N = torch.exp(logprobs_N - old_logprobs_N)
    clipped_N = ratio_N.clamp(1.0 - clip_low, 1.0 + clip_high)
    return -torch.minimum(ratio_N * advantages_N, clipped_N * advantages_N).sum()
