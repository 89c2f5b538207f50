"""What flows through a step: rollouts, their groups, and the groups once scored.

    Rollout   one sampled completion, as an engine returned it
    Sample    one *requested* rollout: what became of it, lost ones included
    RolloutGroup -> ScoredGroup   the G samples of one problem, before and after rewards

Plain data, no behaviour beyond sums; shapes: T tokens of one completion, G samples of a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from guru_data import Problem
from verifiers import Verdict

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]
FinishReason = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class VersionSpan:
    """Tokens `start` (inclusive) to `end` (exclusive) of a completion were sampled under `version`."""

    version: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Rollout:
    """One sampled completion.

    `logprobs_T` holds, per completion token, its log-probability in nats under the policy that
    sampled it, after temperature (vLLM's `processed_logprobs`).
    """

    problem_id: str
    prompt_ids: IntArray
    completion_ids: IntArray
    logprobs_T: FloatArray
    text: str
    finish_reason: FinishReason
    spans: tuple[VersionSpan, ...]

    @property
    def version_min(self) -> int:
        return min(span.version for span in self.spans)

    @property
    def version_max(self) -> int:
        return max(span.version for span in self.spans)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One requested rollout and what became of it.

    `rollout` is None when it was lost before it was finished, `verdict` is None when it was
    never graded; `lost` then says why in a short code (`generator_lost`, `verifier_down`,
    `ground_truth_error`). `attempts` counts how often generation was tried.
    """

    rollout_id: str
    rollout: Rollout | None
    verdict: Verdict | None
    lost: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class RolloutGroup:
    """The G requested rollouts of one problem in one step."""

    step: int
    group_id: str
    problem: Problem
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ScoredGroup:
    """A group with its rewards.

    `rewards_G` and `advantages_G` are NaN where a sample has no reward; `dropped_G` says why a
    sample is not trained on (None: it is).
    """

    group: RolloutGroup
    rewards_G: FloatArray
    advantages_G: FloatArray
    dropped_G: tuple[str | None, ...]

    @property
    def used(self) -> int:
        return sum(reason is None for reason in self.dropped_G)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A problem ready for an engine: the chat template has been applied."""

    problem_id: str
    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How completions are drawn."""

    temperature: float
    max_new_tokens: int
    top_p: float = 1.0
    seed: int | None = None


def flatten(groups: Sequence[RolloutGroup]) -> list[Sample]:
    """All samples of several groups, in order."""
    return [sample for group in groups for sample in group.samples]
