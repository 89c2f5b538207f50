"""Gates: quiet on clean runs, loud on faulty ones, and never loud by chance alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rlvr.audit import Audit, step_metrics
from rlvr.audit.asking.query import open_ledger
from rlvr.audit.attempts import attempt_configs
from rlvr.audit.books.check import CheckResult
from rlvr.audit.books.metrics import read_metrics
from rlvr.audit.cli import app
from rlvr.audit.gates import RULES, Estimate, Gate, Level
from rlvr.audit.gates.base import judged
from rlvr.audit.report.facts import evidence_of, gather
from rlvr.audit.report.page import write_report
from rlvr.audit.report.spans import marked
from rlvr.audit.report.summary import summarize
from rlvr.rollouts import Sample, ScoredGroup
from tests.audit.sample_runs import (
    UNDECIDED,
    RunMaker,
    origin,
    problem,
    rollout,
    scored_group,
    verdict,
    write_run,
)
from tests.audit.test_sql import second_opinion

Change = Callable[[int, ScoredGroup], ScoredGroup]


def one_gate(run_dir: Path, name: str) -> Gate:
    """One gate alone, which takes a fraction of the time of all."""
    [rule] = [rule for rule in RULES if rule.__name__ == name]
    with closing(open_ledger(run_dir)) as ledger:
        summary = summarize(ledger, read_metrics(run_dir))
        return rule(evidence_of(ledger, attempt_configs(run_dir), summary, CheckResult()))


def changed_run(run_dir: Path, change: Change, *, steps: int = 8, **metrics: float) -> Path:
    """A run whose groups, scored and recorded as ever, were changed before."""
    maker = RunMaker(7, groups=8, size=4)
    audit = Audit(run_dir, "changed", origin())
    for step in range(steps):
        scored = [change(step, group) for group in maker.step(step, 0.5)]
        audit.record(step, scored)
        audit.log(step, step_metrics(scored, step) | metrics)
    audit.close()
    return run_dir


def each_sample(group: ScoredGroup, change: Callable[[int, Sample], Sample]) -> ScoredGroup:
    samples = [change(index, sample) for index, sample in enumerate(group.group.samples)]
    return scored_group(group.group.step, 0, samples, group.group.problem)


def unchanged(_: int, group: ScoredGroup) -> ScoredGroup:
    return group


def with_shifted_rewards(_: int, group: ScoredGroup) -> ScoredGroup:
    """Each rollout gets its neighbour's reward, advantages included."""
    if not np.isfinite(group.rewards_G).all():
        return group
    return replace(group, rewards_G=np.roll(group.rewards_G, 1), advantages_G=np.roll(group.advantages_G, 1))


def with_turned_advantages(_: int, group: ScoredGroup) -> ScoredGroup:
    return replace(group, advantages_G=-group.advantages_G)


def with_undecided(_: int, group: ScoredGroup) -> ScoredGroup:
    return _named(group, lambda i, one: replace(one, verdict=UNDECIDED) if i == 0 and one.rollout else one)


def with_lost(_: int, group: ScoredGroup) -> ScoredGroup:
    return _named(
        group, lambda i, one: Sample(one.rollout_id, None, None, "generator_lost") if i == 0 else one
    )


def with_flaky_verdicts(step: int, group: ScoredGroup) -> ScoredGroup:
    """One problem asked in every step; the same answer is right in even steps only."""
    flaky = verdict(score=float(step % 2), answer="7")
    return _named(group, lambda i, one: replace(one, verdict=flaky) if i == 0 and one.rollout else one, True)


def with_stale_rollouts(step: int, group: ScoredGroup) -> ScoredGroup:
    return _named(
        group, lambda i, one: replace(one, rollout=rollout(version=max(0, step - 3))) if one.rollout else one
    )


def with_a_trick(_: int, group: ScoredGroup) -> ScoredGroup:
    trick = verdict(verifier="code", answer=None, reason="all_passed")
    text = "```python\nclass A(int):\n    def __eq__(self, other): return True\n```"
    return _named(
        group, lambda i, one: replace(one, rollout=rollout(text), verdict=trick) if one.rollout else one
    )


def with_slow_verdicts(_: int, group: ScoredGroup) -> ScoredGroup:
    return _named(
        group, lambda i, one: replace(one, verdict=verdict(elapsed_ms=16e3)) if one.verdict else one
    )


def with_a_favourite_answer(step: int, group: ScoredGroup) -> ScoredGroup:
    habit = verdict(score=0.0, answer="13")
    return _named(group, lambda i, one: replace(one, verdict=habit) if step > 3 and one.verdict else one)


def with_long_completions(step: int, group: ScoredGroup) -> ScoredGroup:
    return _named(
        group, lambda i, one: replace(one, rollout=rollout(tokens=8 << 2 * step)) if one.rollout else one
    )


def that_fall_silent(step: int, group: ScoredGroup) -> ScoredGroup:
    return _named(
        group, lambda i, one: replace(one, verdict=verdict(score=0.0)) if step > 0 and one.verdict else one
    )


def that_collapse(step: int, group: ScoredGroup) -> ScoredGroup:
    score = verdict(score=float(step < 4))
    return _named(group, lambda i, one: replace(one, verdict=score) if one.verdict else one)


def with_two_graders(step: int, group: ScoredGroup) -> ScoredGroup:
    newer = verdict(digest="000000000000" if step > 3 else "111111111111")
    return _named(group, lambda i, one: replace(one, verdict=newer) if one.verdict else one)


def that_are_cut(_: int, group: ScoredGroup) -> ScoredGroup:
    cut = replace(rollout(), finish_reason="length")
    return _named(group, lambda i, one: replace(one, rollout=cut) if one.rollout else one)


def that_teach_nothing(_: int, group: ScoredGroup) -> ScoredGroup:
    return _named(group, lambda i, one: replace(one, verdict=verdict()) if one.verdict else one)


def _named(
    group: ScoredGroup, change: Callable[[int, Sample], Sample], one_problem: bool = False
) -> ScoredGroup:
    made = each_sample(group, change)
    asked = problem(0) if one_problem else group.group.problem
    return replace(made, group=replace(made.group, group_id=group.group.group_id, problem=asked))


@pytest.mark.parametrize(
    ("gate", "change", "level"),
    [
        ("reward_policy", with_shifted_rewards, Level.FAIL),
        ("advantages", with_turned_advantages, Level.FAIL),
        ("undecided", with_undecided, Level.FAIL),
        ("lost", with_lost, Level.FAIL),
        ("flaky", with_flaky_verdicts, Level.FAIL),
        ("silent_zeros", that_fall_silent, Level.WARN),
        ("staleness", with_stale_rollouts, Level.FAIL),
        ("exploits", with_a_trick, Level.FAIL),
        ("latency", with_slow_verdicts, Level.FAIL),
        ("answer_concentration", with_a_favourite_answer, Level.FAIL),
        ("length_drift", with_long_completions, Level.FAIL),
        ("graders", with_two_graders, Level.WARN),
        ("truncation", that_are_cut, Level.FAIL),
        ("zero_variance", that_teach_nothing, Level.WARN),
        ("collapse", that_collapse, Level.FAIL),
    ],
)
def test_a_fault_of_each_kind_is_found_by_its_gate(
    gate: str, change: Change, level: Level, tmp_path: Path
) -> None:
    found = one_gate(changed_run(tmp_path, change), gate)
    assert found.level is level
    assert found.found is not None


def test_a_stale_publish_and_a_gain_not_seen_held_out_fail(tmp_path: Path) -> None:
    stale = changed_run(tmp_path / "stale", unchanged, **{"policy/logprob_diff": 0.26})
    assert one_gate(stale, "logprobs").level is Level.FAIL
    maker = RunMaker(3, groups=8, size=4)
    audit = Audit(tmp_path / "gap", "gap", origin())
    for step in range(10):
        evaluated = {"eval/pass@1/heldout": 0.2, "eval/stderr/heldout": 0.01}
        scored = maker.step(step, 0.1 if step < 5 else 0.95)
        audit.record(step, scored)
        audit.log(step, step_metrics(scored, step) | evaluated)
    audit.close()
    assert one_gate(tmp_path / "gap", "exploit_gap").level is Level.FAIL


@pytest.mark.parametrize("seed", range(2))
def test_a_clean_run_fails_nothing_and_warns_at_most_once(seed: int, tmp_path: Path) -> None:
    write_run(tmp_path, steps=12, groups=8, size=4, seed=seed)
    levels = [gate.level for gate in gather(tmp_path).gates]
    assert levels.count(Level.FAIL) == 0
    assert levels.count(Level.WARN) <= 1
    assert len(levels) == len(RULES)


def test_an_empty_run_fails_nothing(tmp_path: Path) -> None:
    Audit(tmp_path, "empty", origin()).close()
    assert {gate.level for gate in gather(tmp_path).gates} <= {Level.PASS, Level.NONE}


def test_a_second_opinion_that_differs_fails_its_gate_and_points_at_rows(tmp_path: Path) -> None:
    write_run(tmp_path, steps=4, groups=4, size=4)
    assert one_gate(tmp_path, "second_opinion").level is Level.NONE
    second_opinion(tmp_path, score=1.0)
    gate = one_gate(tmp_path, "second_opinion")
    assert (gate.level, len(gate.rows)) == (Level.FAIL, 2)


@given(count=st.integers(0, 60), of=st.integers(1, 60), limit=st.floats(0.0, 1.0))
def test_a_gate_fails_only_where_the_whole_interval_is_beyond_the_limit(
    count: int, of: int, limit: float
) -> None:
    found = Estimate.share(min(count, of), of)
    assert found.low <= found.value <= found.high
    gate = judged("x", "x", found, "x", warn=limit / 2, fail=limit, section="x")
    assert (gate.level is Level.FAIL) == (found.low > limit)
    assert (gate.level is Level.PASS) <= (found.value <= limit)


def test_the_command_line_exits_with_3_at_a_failing_gate_and_only_if_asked(tmp_path: Path) -> None:
    changed_run(tmp_path, with_shifted_rewards, steps=3)
    assert CliRunner().invoke(app, ["report", str(tmp_path)]).exit_code == 0
    gated = CliRunner().invoke(app, ["report", str(tmp_path), "--gate"])
    assert gated.exit_code == 3
    assert "FAIL: Rewards that do not follow" in gated.output


def test_page_json_and_markdown_tell_the_same_gates(tmp_path: Path) -> None:
    write_run(tmp_path, steps=4, groups=8, size=4)
    html = write_report(tmp_path).read_text()
    data = json.loads((tmp_path / "report.json").read_text())
    markdown = (tmp_path / "report.md").read_text()
    assert data["verdict"] == "PASS"
    assert len(data["gates"]) == len(RULES)
    for gate in data["gates"]:
        assert f'href="#gate-{gate["name"]}"' in html
        assert f'id="gate-{gate["name"]}"' in html
        assert f"| {gate['level']} |" in markdown
        assert all(f'id="g-{gate["name"]}-{row[:12]}"' in html for row in gate["rows"])


@given(response=st.text(), answer=st.none() | st.text(max_size=5), limit=st.integers(1, 40))
def test_the_mark_is_around_the_answer_and_everything_is_inert(
    response: str, answer: str | None, limit: int
) -> None:
    html = str(marked(response, answer, limit))
    assert html.count("<mark>") == html.count("</mark>") <= 1
    found = bool(answer) and answer in response and len(answer) <= limit
    assert html.count("<mark>") == found
