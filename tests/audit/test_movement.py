"""Whether a run moved: seldom said of one that did not, however short, and said of one that did."""

from __future__ import annotations

import math
from random import Random

import pytest

from rlvr.audit.gates import Estimate
from rlvr.audit.report.headline import Movement, movement_of, student

RUNS = 1_000


@pytest.mark.parametrize("steps", [4, 6, 10])
def test_a_flat_run_is_seldom_said_to_have_moved_however_short(steps: int) -> None:
    rng, moved = Random(steps), 0
    for _ in range(RUNS):
        rewards = [rng.gauss(0.5, 0.05) for _ in range(steps)]
        moved += movement_of("reward", rewards[: steps // 2], rewards[steps // 2 :]).word != "did not move"
    assert moved / RUNS < 0.07


@pytest.mark.parametrize("steps", [4, 6, 10])
def test_a_gate_on_the_ends_of_a_short_flat_run_seldom_finds_a_change(steps: int) -> None:
    rng, beyond = Random(steps), 0
    for _ in range(RUNS):
        found = Estimate.change([rng.gauss(0.5, 0.05) for _ in range(steps)], edge=5)
        beyond += found.low > 0
    assert beyond / RUNS < 0.04


def test_a_rise_beyond_the_noise_is_told_of_a_short_run_too() -> None:
    assert movement_of("reward", [0.1, 0.12], [0.8, 0.85]).word == "rose"
    assert movement_of("reward", [0.8, 0.8], [0.1, 0.1]).word == "fell"
    assert movement_of("reward", [0.5, 0.5], [0.5, 0.5]).word == "did not move"


def test_a_movement_whose_ends_were_measured_on_many_problems_has_the_normal_interval() -> None:
    assert Movement("pass@1", 0.2, 0.4, 0.03, 0.04).change_margin == pytest.approx(1.96 * 0.05)
    assert Movement("pass@1", 0.2, 0.4, None, 0.04).change_margin is None


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.706), (1.5, 6.017), (3, 3.182), (7, 2.365), (30, 2.042), (math.inf, 1.96)],
)
def test_students_quantile_is_that_of_the_tables(freedom: float, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=0.03)
