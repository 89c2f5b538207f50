"""Curricula: what they serve when, and that a killed run goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from guru_data import Cursor, CursorError, Outcome, Problem, ProblemStream, SourceConfigError
from guru_data.curricula.base import CURRICULA, open_curriculum
from guru_data.curricula.config import (
    ERNIE_STAGES,
    DifficultyAwareConfig,
    MixtureConfig,
    StageConfig,
    StagedConfig,
)
from tests.guru_data import curriculum_run
from tests.guru_data.curriculum_run import BATCH, STEPS, open_stream, outcome, problems

KINDS = sorted(CURRICULA)


def won(share: float, *, samples: int = 4, longest: int = 100) -> Outcome:
    correct = round(share * samples)
    longest = longest if correct else 0
    return Outcome(
        samples=samples, correct=correct, reward=share, longest_correct=longest, mean_correct=longest / 2
    )


def steps(stream: ProblemStream, rewards: list[float]) -> list[set[str]]:
    """Train one step per reward; the domains of each batch."""
    served = []
    for step, reward in enumerate(rewards):
        batch = stream.next_batch(BATCH)
        served.append({problem.domain for problem in batch})
        stream.observe(step, {problem.id: won(reward) for problem in batch})
    return served


def test_every_kind_of_config_has_a_curriculum() -> None:
    assert {config.kind for config in curriculum_run.CURRICULA.values()} == set(CURRICULA)


@pytest.mark.parametrize("ahead", [0, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_goes_on_as_the_one_that_was_not(kind: str, ahead: int, tmp_path: Path) -> None:
    curriculum_run.run(kind, ahead, tmp_path / "whole.json", tmp_path / "whole.log")
    state, log = tmp_path / "killed.json", tmp_path / "killed.log"
    command = [sys.executable, "-m", "tests.guru_data.curriculum_run", kind, str(ahead), str(state), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < STEPS // 3:
            pass
        os.killpg(process.pid, signal.SIGKILL)
    curriculum_run.run(kind, ahead, state, log)
    last_of_each = {json.loads(line)[0]: line for line in log.read_text().splitlines()}
    assert list(last_of_each.values()) == (tmp_path / "whole.log").read_text().splitlines()


@pytest.mark.parametrize("kind", KINDS)
@given(before=st.integers(0, 30), after=st.integers(1, 15), ahead=st.integers(0, 3))
def test_a_stream_resumed_anywhere_is_the_same(kind: str, before: int, after: int, ahead: int) -> None:
    stream = open_stream(kind, ahead, None)
    for step in range(before):
        stream.observe(step, {problem.id: outcome(problem.id, step) for problem in stream.next_batch(5)})
    cursor: Cursor = json.loads(json.dumps(stream.state()))
    resumed = open_stream(kind, ahead, cursor)
    for step in range(before, before + after):
        batch = stream.next_batch(5)
        assert resumed.next_batch(5) == batch
        found = {problem.id: outcome(problem.id, step) for problem in batch}
        stream.observe(step, found)
        resumed.observe(step, found)
    assert resumed.state() == stream.state()


def test_outcomes_that_are_not_due_do_not_change_what_is_drawn_ahead() -> None:
    quick, slow = (open_stream("difficulty", 2, None) for _ in range(2))
    quick_steps = [quick.next_batch(BATCH)]
    quick.observe(0, {problem.id: won(1.0) for problem in quick_steps[0]})
    quick_steps += [quick.next_batch(BATCH), quick.next_batch(BATCH)]
    assert [slow.next_batch(BATCH) for _ in range(3)] == quick_steps


def test_a_cursor_of_another_curriculum_is_refused() -> None:
    cursor = open_stream("mixture", 0, None).state()
    with pytest.raises(CursorError, match="another curriculum"):
        open_stream("staged", 0, cursor)


def test_stages_advance_by_steps_and_the_last_one_is_for_everything() -> None:
    stages = tuple(stage.model_copy(update={"steps": stage.steps and 2}) for stage in ERNIE_STAGES)
    served = steps(ProblemStream(problems(), curriculum=StagedConfig(stages=stages)), [0.0] * 7)
    everything = {"logic", "math", "code"}
    assert served == [{"logic"}] * 2 + [{"math"}] * 2 + [{"code"}] * 2 + [everything]


def test_a_stage_ends_when_its_recent_rewards_are_high_and_not_by_one_lucky_step() -> None:
    stage = StageConfig(domains=("logic",), reward=0.5, window=2)
    stream = ProblemStream(
        problems(), curriculum=StagedConfig(stages=(stage, StageConfig(domains=("math",))))
    )
    served = steps(stream, [0.9, 0.0, 0.25, 0.75, 0.0, 0.0])
    assert served == [{"logic"}] * 4 + [{"math"}] * 2


def test_a_new_stage_serves_its_mixture_from_the_start() -> None:
    """Many problems of one domain served before are no debt to the others."""
    stages = (StageConfig(domains=("logic",), steps=9), StageConfig())
    weights = {"logic": 1, "math": 1, "code": 1}
    stream = ProblemStream(problems(), weights, curriculum=StagedConfig(stages=stages))
    assert steps(stream, [0.0] * 9) == [{"logic"}] * 9
    domains = [problem.domain for problem in stream.next_batch(6)]
    assert {domain: domains.count(domain) for domain in weights} == {"logic": 2, "math": 2, "code": 2}


def test_a_stage_without_problems_is_named() -> None:
    stages = (StageConfig(domains=("science",), steps=1), StageConfig())
    with pytest.raises(SourceConfigError, match="science"):
        ProblemStream(problems(), curriculum=StagedConfig(stages=stages))


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ((StageConfig(), StageConfig()), r"stages.0 never ends"),
        ((StageConfig(steps=3),), "the last stage has no end"),
    ],
)
def test_stages_that_never_or_all_end_are_refused(stages: tuple[StageConfig, ...], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        StagedConfig(stages=stages)


def of_rates(*rates: float | None) -> list[Problem]:
    """Problems of one domain with these measured pass rates."""
    made = next(problem for problem in problems() if problem.domain == "math")
    return [
        made.model_copy(
            update={"id": str(at), "ground_truth": str(at), "pass_rates": {} if rate is None else {"m": rate}}
        )
        for at, rate in enumerate(rates)
    ]


AWARE = DifficultyAwareConfig(model="m", shortest_budget=10, longest_budget=1000)


def test_an_epoch_holds_all_between_and_a_share_of_the_solved_and_the_hopeless() -> None:
    pool = of_rates(*[0.5] * 35, *[None] * 5, *[1.0] * 30, *[0.0] * 30)
    order = open_curriculum(AWARE, pool).order(range(100), Random(0))
    counts = [sum(low <= place < high for place in order) for low, high in ((0, 40), (40, 70), (70, 100))]
    assert counts == [40, 2, 8]
    assert len(set(order)) == len(order)


def test_an_epoch_of_solved_problems_only_is_not_empty() -> None:
    assert sorted(open_curriculum(AWARE, of_rates(1.0, 1.0, 0.0)).order(range(3), Random(0))) == [0, 1, 2]


def test_the_runs_own_pass_rate_wins_over_the_measured_one() -> None:
    stream = ProblemStream(of_rates(0.5, 0.5, 0.5), curriculum=AWARE)
    first = stream.next_batch(3)
    stream.observe(0, {problem.id: won(1.0 if problem.id == "0" else 0.5) for problem in first})
    assert sorted(problem.id for problem in stream.next_batch(6)).count("0") <= 2
    pool = open_curriculum(AWARE, of_rates(*[0.5] * 40))
    pool.observe({at: won(0.0) for at in range(20)})
    assert sum(place < 20 for place in pool.order(range(40), Random(0))) == 4


@pytest.mark.parametrize(
    ("outcome_", "budget"),
    [
        pytest.param(None, 1000, id="never-tried"),
        pytest.param(won(0.0), 1000, id="never-right"),
        pytest.param(won(0.5, longest=200), 200 + 800 // 2, id="half"),
        pytest.param(won(0.25, longest=200), 800, id="quarter"),
        pytest.param(won(1.0, longest=200), 240, id="solved"),
        pytest.param(won(1.0, longest=5), 10, id="at-least-the-shortest"),
        pytest.param(won(0.5, longest=4000), 1000, id="at-most-the-longest"),
    ],
)
def test_the_room_for_an_answer_grows_as_the_pass_rate_falls(outcome_: Outcome | None, budget: int) -> None:
    curriculum = open_curriculum(AWARE, of_rates(0.5))
    if outcome_ is not None:
        curriculum.observe({0: outcome_})
    assert curriculum.length_budget(0) == budget


def test_only_right_answers_set_lengths() -> None:
    curriculum = open_curriculum(AWARE, of_rates(0.5))
    curriculum.observe({0: won(0.5, longest=200)})
    curriculum.observe({0: won(0.0)})
    assert curriculum.length_budget(0) == 1000  # rate 0, so all the room there is
    curriculum.observe({0: won(0.5, longest=100)})
    assert curriculum.length_budget(0) == 600  # the longest right answer is still the first


def test_short_answers_come_first() -> None:
    curriculum = open_curriculum(AWARE, of_rates(*[0.5] * 4))
    curriculum.observe({at: won(0.5, longest=length) for at, length in enumerate((400, 100, 300, 200))})
    assert curriculum.order(range(4), Random(0)) == [1, 3, 2, 0]


def test_the_plain_mixture_leaves_the_length_to_the_trainer() -> None:
    stream = ProblemStream(problems(), curriculum=MixtureConfig())
    assert stream.length_budget(stream.next_batch(1)[0]) is None
