"""One step's scored groups as packed arrays: what crosses to the learner.

    used rollouts --split into optimizer steps--> --pack--> Batch of MiniBatches (numpy only)

Shapes: R packed rows, L tokens per row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlvr.packing import Number, pack
from rlvr.rollouts import FloatArray, IntArray, Rollout, ScoredGroup


@dataclass(frozen=True, slots=True, eq=False)
class MiniBatch:
    """The packed rollouts of one optimizer step.

    `scored_RL` marks completion tokens; the other arrays matter only there. `logprobs_RL` holds
    what the sampling engine reported, `versions_RL` the weight version each token was sampled
    under, `advantages_RL` its rollout's advantage.
    """

    token_ids_RL: IntArray
    position_ids_RL: IntArray
    scored_RL: NDArray[np.bool_]
    logprobs_RL: FloatArray
    advantages_RL: FloatArray
    versions_RL: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What the learner takes one step on. No mini-batches: nothing in the step could teach."""

    step: int
    temperature: float
    minibatches: tuple[MiniBatch, ...]


@dataclass(frozen=True, slots=True)
class Batching:
    """How rollouts become batches: the temperature they were sampled at, the capacity of a packed
    row in tokens, and the optimizer steps to take on one step's rollouts."""

    temperature: float
    row_tokens: int
    updates: int


def build_batch(
    step: int, scored: Sequence[ScoredGroup], batching: Batching, rng: np.random.Generator
) -> Batch:
    """Pack every used rollout of a step; `rng` deals them out to the optimizer steps."""
    used = [
        (sample.rollout, float(advantage))
        for group in scored
        for sample, advantage, dropped in zip(
            group.group.samples, group.advantages_G, group.dropped_G, strict=True
        )
        if dropped is None and sample.rollout is not None
    ]
    order = rng.permutation(len(used)) if batching.updates > 1 else np.arange(len(used))
    parts = [[used[i] for i in part] for part in np.array_split(order, batching.updates) if len(part)]
    return Batch(step, batching.temperature, tuple(_minibatch(part, batching.row_tokens) for part in parts))


def _minibatch(used: Sequence[tuple[Rollout, float]], row_tokens: int) -> MiniBatch:
    rollouts = [rollout for rollout, _ in used]
    prompts = [np.zeros(len(rollout.prompt_ids), np.float32) for rollout in rollouts]
    rows = pack([np.concatenate([r.prompt_ids, r.completion_ids]) for r in rollouts], row_tokens)

    def lay(completions: Sequence[NDArray[Any]], dtype: type[Number]) -> NDArray[Number]:
        pieces = zip(prompts, completions, strict=True)
        return rows.lay([np.concatenate([prompt, piece]) for prompt, piece in pieces], dtype)

    ones = [np.ones(len(rollout.completion_ids), np.float32) for rollout in rollouts]
    return MiniBatch(
        token_ids_RL=rows.token_ids_RL,
        position_ids_RL=rows.position_ids_RL,
        scored_RL=lay(ones, np.bool_),
        logprobs_RL=lay([rollout.logprobs_T for rollout in rollouts], np.float32),
        advantages_RL=lay(
            [one * advantage for one, (_, advantage) in zip(ones, used, strict=True)], np.float32
        ),
        versions_RL=lay([token_versions(rollout) for rollout in rollouts], np.int32),
    )


def token_versions(rollout: Rollout) -> IntArray:
    """The weight version of each completion token, shape (T,)."""
    versions_T = np.empty(len(rollout.completion_ids), np.int32)
    for span in rollout.spans:
        versions_T[span.start : span.end] = span.version
    return versions_T
