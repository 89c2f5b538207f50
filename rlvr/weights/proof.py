"""Does an engine compute what the learner computes? Decided by the probe, after every load.

    engine's log-probabilities of the probe | the learner's, new and before --> mean difference, or an error

Two tests. The difference to the new version must be within a tolerance, which finds wrong tensors. And it
must not be much larger than the difference to the version before: then the load did nothing, which is
within any tolerance when the learning rate is small. Where a step moves the probe by less than the two
kernels' rounding no log-probability can tell, and only the first test decides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlvr.errors import WeightsMismatchError
from rlvr.rollouts import FloatArray
from rlvr.weights.ref import WeightsRef

STALE_RATIO = 1.5
"""Nearer by this factor to the version before: not by chance, over a few hundred tokens."""


def check_proof(scored: Sequence[FloatArray], ref: WeightsRef, tolerance: float) -> float:
    """The engine's mean |log-probability difference| to the learner on the ref's probe, nats per token.

    Args:
        scored: the engine's log-probabilities, as `WeightsProbe.logprobs`; an engine may leave a
            sequence's last tokens out.
        tolerance: the largest difference there may be.

    Raises:
        WeightsMismatchError: it is larger, or the engine still holds the version before.
    """
    probe = ref.probe
    difference = mean_difference(scored, probe.logprobs)
    if not difference <= tolerance:
        raise WeightsMismatchError(
            f"the engine does not hold weights version {ref.version}: it differs from the learner by "
            f"{difference:.4f} nats per token, engine.probe_tolerance={tolerance}"
        )
    if probe.before is not None:
        stale = mean_difference(scored, probe.before)
        if difference > STALE_RATIO * stale:
            raise WeightsMismatchError(
                f"the engine still holds the weights before version {ref.version}: it differs from those by "
                f"{stale:.4f} nats per token, from the new ones by {difference:.4f}"
            )
    return difference


def mean_difference(ours: Sequence[FloatArray], theirs: Sequence[FloatArray]) -> float:
    """Mean |difference| over all tokens that `ours` has; nats per token, or nan where it has none."""
    pairs = zip(ours, theirs, strict=True)
    differences = [np.abs(left - right[: len(left)]) for left, right in pairs]
    return float(np.concatenate(differences).mean())
