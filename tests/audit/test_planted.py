"""A few planted faults in small runs; `python -m tests.benchmarks planted_faults` plants all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.planted.campaign import (
    CLEAN_CODE,
    CLEAN_TEXT,
    STRENGTHS,
    Job,
    all_jobs,
    make_model,
    play_job,
)
from tests.audit.planted.faults import FAULTS
from tests.audit.planted.run import TEXT, Size

SMALL = Size(steps=8, problems_per_step=4, group_size=6, heldout=6)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("planted") / "model")


@pytest.mark.parametrize(
    ("fault", "gate"),
    [
        ("leaky verifier", "second_opinion"),
        ("verdicts of another group", "answers_elsewhere"),
        ("rollouts forgotten", "missing"),
        ("stale weights", "logprob_tail"),
        ("held-out leak", "leak"),
        ("undecided paid as wrong", "stopped: LedgerError"),
    ],
)
def test_a_fault_planted_in_the_real_loop_is_found(fault: str, gate: str, small_model: Path) -> None:
    assert gate in play_job(small_model, SMALL, Job(fault, 0.2, 1, TEXT))


def test_a_run_without_a_fault_is_quiet(small_model: Path) -> None:
    assert play_job(small_model, SMALL, Job(None, 0.0, 1, TEXT)) == {}


def test_the_campaign_plants_every_fault_at_every_strength_beside_twenty_clean_runs() -> None:
    jobs = all_jobs()
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 25
    assert len(jobs) == len(set(jobs)) == len(FAULTS) * len(STRENGTHS) + CLEAN_TEXT + CLEAN_CODE
    assert CLEAN_TEXT + CLEAN_CODE == 20
