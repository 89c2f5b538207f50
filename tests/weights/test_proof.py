from __future__ import annotations

import numpy as np
import pytest

from rlvr.errors import WeightsMismatchError
from rlvr.rollouts import FloatArray
from rlvr.weights.proof import check_proof, mean_difference
from rlvr.weights.ref import WeightsProbe, WeightsRef

ROUNDING = 0.003
"""Nats per token between two kernels."""
TOLERANCE = 0.05
RNG = np.random.default_rng(0)
SEQUENCES = 8


def drawn(scale: float) -> tuple[FloatArray, ...]:
    return tuple(RNG.normal(scale=scale, size=39).astype(np.float32) for _ in range(SEQUENCES))


def added(*parts: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
    return tuple(sum(rows[1:], start=rows[0]) for rows in zip(*parts, strict=True))


def ref(before: tuple[FloatArray, ...] | None, after: tuple[FloatArray, ...]) -> WeightsRef:
    return WeightsRef(7, None, WeightsProbe(((1,) * 40,) * SEQUENCES, after, before))


@pytest.mark.parametrize("moved", [0.0, ROUNDING, 0.02], ids=["nothing", "less-than-rounding", "a-step"])
def test_an_engine_with_the_new_weights_passes_however_little_they_moved(moved: float) -> None:
    before = drawn(1.0)
    after = added(before, drawn(moved))
    scored = added(after, drawn(ROUNDING))

    assert check_proof(scored, ref(before, after), TOLERANCE) == mean_difference(scored, after)


def test_an_engine_that_loaded_nothing_is_found_within_the_tolerance() -> None:
    before = drawn(1.0)
    after = added(before, drawn(0.02))
    scored = added(before, drawn(ROUNDING))

    assert mean_difference(scored, after) < TOLERANCE
    with pytest.raises(WeightsMismatchError, match="still holds the weights before version 7"):
        check_proof(scored, ref(before, after), TOLERANCE)


def test_a_first_publish_has_only_the_tolerance() -> None:
    after = drawn(1.0)

    assert check_proof(after, ref(None, after), TOLERANCE) == 0.0
    with pytest.raises(WeightsMismatchError, match=r"probe_tolerance=0\.05"):
        check_proof(added(after, drawn(0.2)), ref(None, after), TOLERANCE)


def test_a_score_that_is_no_number_is_a_mismatch() -> None:
    after = drawn(1.0)

    with pytest.raises(WeightsMismatchError):
        check_proof(tuple(row * np.nan for row in after), ref(None, after), TOLERANCE)
