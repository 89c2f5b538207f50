"""Gates on a run that was resumed with another config: each row by the config of its own attempt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import JsonValue

from rlvr.audit import Audit
from rlvr.audit.books.manifest import Origin
from rlvr.audit.gates import Level
from rlvr.rollouts import Sample, ScoredGroup
from tests.audit.sample_runs import NO_ANSWER, origin, rollout, scored_group, verdict
from tests.audit.test_gates import one_gate


def configured(**parts: dict[str, JsonValue]) -> Origin:
    """An attempt with other values in some parts of its config."""
    config = dict(origin().config)
    for name, values in parts.items():
        part = config[name]
        assert isinstance(part, dict)
        config[name] = part | values
    return origin().model_copy(update={"config": config})


def resumed(run_dir: Path, *attempts: tuple[Origin, ScoredGroup]) -> Path:
    """A run of one step per attempt."""
    for step, (made, group) in enumerate(attempts):
        audit = Audit(run_dir, "resumed", made, resume=step > 0)
        audit.record(step, [replace(group, group=replace(group.group, step=step))])
        audit.close()
    return run_dir


def paid(no_answer: float) -> ScoredGroup:
    """A right answer and none, as a reward policy pays for them."""
    group = scored_group(0, 0, [Sample("a", rollout(), verdict()), Sample("b", rollout(), NO_ANSWER)])
    return replace(group, rewards_G=np.array([1.0, no_answer], np.float32))


def of_size(size: int, lag: int = 0) -> ScoredGroup:
    samples = [Sample(f"{size}/{i}", rollout(version=-lag), verdict()) for i in range(size)]
    return scored_group(0, 0, samples)


@pytest.mark.parametrize(("second", "level"), [(-0.5, Level.PASS), (0.0, Level.FAIL)])
def test_rewards_follow_from_the_policy_of_their_attempt(second: float, level: Level, tmp_path: Path) -> None:
    penalty = configured(reward={"no_answer": -0.5})
    run_dir = resumed(tmp_path, (origin(), paid(0.0)), (penalty, paid(second)))
    gate = one_gate(run_dir, "reward_policy")
    assert gate.level is level
    assert gate.found is not None
    assert gate.found.n == 4


@pytest.mark.parametrize(("allowed", "level"), [(2, Level.PASS), (0, Level.FAIL)])
def test_rollouts_are_as_stale_as_their_attempt_allowed(allowed: int, level: Level, tmp_path: Path) -> None:
    first = configured(rollout={"ahead": allowed})
    run_dir = resumed(tmp_path, (first, of_size(4, lag=2)), (origin(), of_size(4, lag=-1)))
    gate = one_gate(run_dir, "staleness")
    assert (gate.level, gate.warn) == (level, allowed)


def test_a_resume_with_other_groups_misses_no_rollout(tmp_path: Path) -> None:
    run_dir = resumed(tmp_path, (origin(), of_size(4)), (origin(), of_size(8)))
    assert one_gate(run_dir, "missing").level is Level.PASS


def test_an_attempt_of_another_version_of_the_config_is_not_judged_by_the_next_one(tmp_path: Path) -> None:
    older = origin().model_copy(update={"config": origin().config | {"no_such_key": 1}})
    run_dir = resumed(tmp_path, (older, paid(-0.5)), (origin(), paid(0.0)))
    gate = one_gate(run_dir, "reward_policy")
    assert gate.level is Level.PASS
    assert gate.found is not None
    assert gate.found.n == 2
