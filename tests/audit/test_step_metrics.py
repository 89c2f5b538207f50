"""What a step's groups tell, and how metrics are kept over resumes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from rlvr.audit.books.metrics import METRICS_FILE, MetricsLog, read_metrics, step_metrics
from rlvr.errors import LedgerError
from rlvr.rollouts import Sample
from tests.audit.sample_runs import NO_ANSWER, UNDECIDED, problem, rollout, scored_group, verdict


def test_a_step_counts_what_happened() -> None:
    mixed = [
        Sample("a", rollout(version=3, tokens=10), verdict()),
        Sample("b", rollout(version=5, tokens=20), verdict(score=0.0)),
        Sample("c", rollout(version=5, tokens=30), UNDECIDED),
        Sample("d", None, None, lost="generator_lost"),
    ]
    flat = [Sample(name, rollout(version=5, tokens=5), NO_ANSWER) for name in "efgh"]
    metrics = step_metrics(
        [scored_group(0, 0, mixed, problem(domain="math")), scored_group(0, 1, flat, problem(domain="code"))],
        learner_version=5,
    )
    assert metrics == {
        "reward/mean": pytest.approx(1 / 6),
        "reward/mean/math": 0.5,
        "reward/mean/code": 0.0,
        "groups/zero_variance_share": 0.5,
        "verify/undecided_share": 1 / 8,
        "verify/no_answer_share": 4 / 8,
        "rollout/lost_share": 1 / 8,
        "rollout/truncated_share": 0.0,
        "tokens/prompt": 7 * 9,
        "tokens/completion": 10 + 20 + 30 + 4 * 5,
        "staleness/max": 2,
    }


def test_a_step_without_any_reward_has_no_mean_and_not_zero() -> None:
    lost = [Sample(name, None, None, lost="verifier_down") for name in "ab"]
    metrics = step_metrics([scored_group(0, 0, lost)], learner_version=0)
    assert math.isnan(metrics["reward/mean"])
    assert metrics["groups/zero_variance_share"] == 1.0


def test_lines_are_plain_json_without_nan(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path, 1)
    log.log(0, {"reward/mean": math.nan, "time/step": 1.5})
    text = (tmp_path / METRICS_FILE).read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {
        "step": 0, "attempt": 1, "reward/mean": None, "time/step": 1.5,
    }  # fmt: skip


def test_a_resume_supersedes_the_steps_it_repeats_and_those_it_never_reached(tmp_path: Path) -> None:
    first, second = MetricsLog(tmp_path, 1), MetricsLog(tmp_path, 2)
    for step in range(4):
        first.log(step, {"x": 1.0})
    first.log(0, {"eval/pass@1/heldout": 0.3})
    second.log(2, {"x": 2.0})
    with (tmp_path / METRICS_FILE).open("a") as file:
        file.write('{"step": 3, "torn')
    assert [(entry["step"], entry["x"]) for entry in read_metrics(tmp_path)] == [(0, 1.0), (1, 1.0), (2, 2.0)]
    assert read_metrics(tmp_path)[0]["eval/pass@1/heldout"] == 0.3


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / METRICS_FILE).write_text('{"step": 0, "attempt": 1}\nnonsense\n')
    with pytest.raises(LedgerError, match="line 2 is damaged"):
        read_metrics(tmp_path)


def test_a_resume_after_a_torn_line_appends_whole_lines(tmp_path: Path) -> None:
    MetricsLog(tmp_path, 1).log(0, {"x": 1.0})
    with (tmp_path / METRICS_FILE).open("a") as file:
        file.write('{"step": 1, "torn')
    MetricsLog(tmp_path, 2).log(1, {"x": 2.0})
    assert [entry["x"] for entry in read_metrics(tmp_path)] == [1.0, 2.0]
