"""How well the learner's log-probabilities agree with those the engine reported while sampling.

Two programs compute the same policy with different kernels and precisions. If they drift apart,
the ratio of the clipped loss is no longer 1 where it must be, and training silently corrects
for a difference that is not there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlvr.config import GRPOConfig
from rlvr.rollouts import FloatArray, IntArray


class Agreement:
    """Collects both sides' log-probabilities, micro-batch by micro-batch. Shape (N,) each."""

    def __init__(self) -> None:
        self._parts: list[tuple[FloatArray, FloatArray, IntArray]] = []

    def add(self, logprobs_N: FloatArray, old_logprobs_N: FloatArray, versions_N: IntArray) -> None:
        self._parts.append((logprobs_N, old_logprobs_N, versions_N))

    def metrics(self, clip: GRPOConfig, version: int) -> dict[str, float]:
        """Metrics over all tokens added.

        `policy/logprob_diff` is the mean |vLLM - learner| in nats per token over the tokens
        sampled under `version`, the learner's own; absent if there is none. The others compare with
        whatever version sampled the token. `policy/kl_rollout` estimates KL(rollout || learner)
        by exp(d) - 1 - d (Schulman 2020, "Approximating KL divergence", k3).
        """
        logprobs_N, old_N, versions_N = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        difference_N = (logprobs_N - old_N).astype(np.float64)
        ratio_N: NDArray[np.float64] = np.exp(difference_N)
        outside_N = (ratio_N < 1.0 - clip.clip_low) | (ratio_N > 1.0 + clip.clip_high)
        percentiles = np.percentile(ratio_N, (1, 50, 99))
        current = np.abs(difference_N[versions_N == version])
        return {
            **({"policy/logprob_diff": float(current.mean())} if len(current) else {}),
            "policy/kl_rollout": float((ratio_N - 1.0 - difference_N).mean()),
            "policy/entropy": float(-old_N.mean()),
            "policy/clip_share": float(outside_N.mean()),
            "policy/ratio_p01": float(percentiles[0]),
            "policy/ratio_p50": float(percentiles[1]),
            "policy/ratio_p99": float(percentiles[2]),
        }
