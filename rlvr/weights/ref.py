"""What the learner hands to generators when it publishes: where the weights lie, and a proof.

The probe is a handful of token sequences with the log-probabilities that the learner's own
forward pass gives them. A generator that has loaded the weights scores the probe through its
engine and compares (`rlvr.weights.proof`): a load that went wrong shows here, not in a reward curve.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlvr.rollouts import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class WeightsProbe:
    """Sequences and the learner's log-probabilities for them.

    `logprobs[i][t]` is log p(tokens[i][t + 1] | tokens[i][: t + 1]) in nats at temperature 1,
    shape (len(tokens[i]) - 1,). `before` is the same under the version before this one; None where it
    is not known.
    """

    tokens: tuple[tuple[int, ...], ...]
    logprobs: tuple[FloatArray, ...]
    before: tuple[FloatArray, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WeightsRef:
    """One published version of the weights.

    `path` is a safetensors file with Hugging Face parameter names, readable by every generator
    on the host; it stays until the next version is held by all of them. None: the learner's trainer
    engine has already pushed the tensors (NCCL, CUDA IPC) and only the commit and the proof are left.
    """

    version: int
    path: str | None
    probe: WeightsProbe
