"""The loop draws by its curriculum, and a resumed run draws what an uninterrupted one would have."""

from __future__ import annotations

import asyncio
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from guru_data import Cursor, Problem, load_problems
from rlvr.config import RunConfig
from rlvr.learner.checkpoint import latest_checkpoint, load_run
from rlvr.outcomes import step_outcomes
from rlvr.problems import open_stream
from rlvr.rollouts import Sample
from rlvr.train import train
from tests.audit.sample_runs import NO_ANSWER, UNDECIDED, problem, rollout, scored_group, verdict
from tests.loop.local_run import local_run, small_config
from tests.loop.test_train import ledger_rows

BOTH = {"kind": "synthetic", "domains": ["math", "table"], "train_per_domain": 12, "heldout_per_domain": 4}
STAGED = {
    "kind": "staged",
    "stages": [{"domains": ["table"], "reward": 0.5, "window": 2}, {"domains": ["math"], "steps": 2}, {}],
}


def always_right(problem: Problem, index: int, version: int) -> str:
    return rf"\boxed{{{problem.ground_truth}}}"


def by_step(config: RunConfig, column: str) -> list[set[str]]:
    """What a column of the ledger holds in each step."""
    rows = sorted(ledger_rows(Path(config.out_dir) / config.name), key=lambda row: row["step"])
    return [{row[column] for row in group} for _, group in groupby(rows, key=lambda row: row["step"])]


def run_to_end(config: RunConfig, answer: Any) -> None:
    async def whole() -> None:
        async with local_run(config, answer) as (run, _):
            await train(run, first=0, steps=config.steps)

    asyncio.run(whole())


def test_a_stage_ends_when_its_rewards_are_high_enough(tiny_model: Path, tmp_path: Path) -> None:
    config = small_config(tiny_model, tmp_path, steps=6, data=BOTH, curriculum=STAGED)
    run_to_end(config, always_right)
    assert by_step(config, "domain") == [{"table"}] * 2 + [{"math"}] * 2 + [{"math", "table"}] * 2


def test_a_stage_goes_on_while_its_rewards_are_low(tiny_model: Path, tmp_path: Path) -> None:
    config = small_config(tiny_model, tmp_path, steps=4, data=BOTH, curriculum=STAGED)
    run_to_end(config, lambda problem, index, version: r"\boxed{-1}")
    assert by_step(config, "domain") == [{"table"}] * 4


def test_the_mixture_decides_how_many_problems_of_a_batch_are_of_each_domain(
    tiny_model: Path, tmp_path: Path
) -> None:
    rollout = {"problems_per_step": 4, "group_size": 2, "max_new_tokens": 64}
    mixture = {"math": 3, "table": 1}
    config = small_config(tiny_model, tmp_path, steps=2, data=BOTH, mixture=mixture, rollout=rollout)
    run_to_end(config, always_right)
    rows = ledger_rows(tmp_path / "run")
    assert sum(row["domain"] == "math" for row in rows) == 2 * 3 * 2


def test_an_answer_gets_no_more_tokens_than_its_problem_s_budget(tiny_model: Path, tmp_path: Path) -> None:
    budgets = {"kind": "difficulty", "shortest_budget": 4, "longest_budget": 11}
    config = small_config(tiny_model, tmp_path, steps=2, curriculum=budgets)
    run_to_end(config, lambda problem, index, version: "longer than eleven bytes")
    assert {row["completion_tokens"] for row in ledger_rows(tmp_path / "run")} == {11}


@pytest.mark.parametrize("ahead", [0, 2])
@pytest.mark.parametrize("curriculum", [STAGED, {"kind": "difficulty"}])
def test_a_checkpoint_s_cursor_draws_what_the_run_itself_drew_next(
    tiny_model: Path, tmp_path: Path, curriculum: dict[str, Any], ahead: int
) -> None:
    rollout = {"problems_per_step": 2, "group_size": 2, "max_new_tokens": 64, "ahead": ahead}
    shared = {"data": BOTH, "curriculum": curriculum, "rollout": rollout}
    whole = small_config(tiny_model, tmp_path, steps=6, name="whole", **shared)
    part = small_config(tiny_model, tmp_path, steps=3, name="part", **shared)
    for config in (whole, part):
        run_to_end(config, always_right)
    stream = open_stream(part, load_problems(part.data, "train"), _saved_cursor(part))
    drawn = by_step(whole, "problem_id")[3 : 3 + 1 + ahead]
    assert [{p.id for p in stream.next_batch(2)} for _ in drawn] == drawn


def _saved_cursor(config: RunConfig) -> Cursor:
    checkpoint = latest_checkpoint(Path(config.out_dir) / config.name / "checkpoints")
    assert checkpoint is not None
    cursor: Cursor = load_run(checkpoint)["cursor"]
    return cursor


def test_an_outcome_counts_only_samples_that_have_a_reward() -> None:
    samples = [
        Sample("a", rollout(tokens=7), verdict()),
        Sample("b", rollout(tokens=9), verdict()),
        Sample("c", rollout(tokens=30), NO_ANSWER),
        Sample("d", rollout(tokens=50), UNDECIDED),
        Sample("e", None, None, lost="generator_lost"),
    ]
    (outcome,) = step_outcomes([scored_group(0, 0, samples)]).values()
    assert (outcome.samples, outcome.correct, outcome.longest_correct) == (3, 2, 9)
    assert (outcome.mean_correct, outcome.reward) == (8.0, pytest.approx(2 / 3))


def test_a_problem_without_any_reward_has_no_outcome() -> None:
    assert step_outcomes([scored_group(0, 0, [Sample("a", rollout(), UNDECIDED)] * 2, problem(3))]) == {}
