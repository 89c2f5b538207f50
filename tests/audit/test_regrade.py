"""Stored rollouts graded again by real verifiers in real worker processes, and what that changes."""

from __future__ import annotations

import json
import math
import shutil
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rlvr.audit import Audit
from rlvr.audit.asking.sql import ask
from rlvr.audit.books.check import check_run
from rlvr.audit.books.ledger import ledger_file
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.audit.cli import app
from rlvr.audit.opinions.second_verifier import parse_second_verifier
from rlvr.audit.opinions.stored import OPINION_SCHEMA, opinion_files, write_opinions
from rlvr.audit.opinions.whatif import mcnemar, what_if
from rlvr.errors import ConfigError, LedgerError
from rlvr.rollouts import Sample
from tests.audit.sample_runs import NO_ANSWER, UNDECIDED, origin, problem, rollout, scored_group, verdict

LENIENT = "tests.audit.lenient:LenientMath"


def run_with_faults(run_dir: Path) -> Path:
    """Two groups of math: one graded well, one in which a right answer was scored 0 and a wrong one 1."""
    right, wrong = rollout(r"\boxed{4}", tokens=10), rollout(r"\boxed{5}", tokens=20)
    good, bad = verdict(), verdict(score=0.0, answer="5")
    well = [Sample("a0", right, good), Sample("a1", wrong, bad), Sample("a2", wrong, UNDECIDED)]
    ill = [Sample("b0", right, bad), Sample("b1", wrong, good), Sample("b2", None, None, "generator_lost")]
    audit = Audit(run_dir, "faults", origin())
    audit.record(0, [scored_group(0, 0, well, problem(0)), scored_group(0, 1, ill, problem(1))])
    audit.close()
    return run_dir


def regrade(run_dir: Path, verifier: str, *options: str) -> str:
    done = CliRunner().invoke(
        app, ["regrade", str(run_dir), "--verifier", verifier, "--workers", "1", *options]
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0
    return done.output[done.output.index("{") :] if "--json" in options else done.output


def test_a_regrade_tells_what_was_wrong_and_what_it_taught(tmp_path: Path) -> None:
    found = json.loads(regrade(run_with_faults(tmp_path), "math", "--json"))
    assert sorted(found["confusion"]) == [
        ["right", "right", 1],
        ["right", "wrong", 1],
        ["undecided", "wrong", 1],
        ["wrong", "right", 1],
        ["wrong", "wrong", 1],
    ]
    assert (found["right_only_to_ours"], found["right_only_to_other"], found["mcnemar_p"]) == (1, 1, 1.0)
    assert (found["groups"], found["groups_sign_changed"]) == (2, 2)
    assert (found["tokens"], found["tokens_pushed_wrong"]) == (60, 30)
    assert found["advantage_weighted_error"] == pytest.approx(0.5)
    assert found["mean_reward_change"] == pytest.approx(0.0)
    assert found["fix_first"][0]["share_of_harm"] == pytest.approx(
        40 / (40 + 20 + 20 / math.sqrt(2)), abs=1e-4
    )


def run_with_rare_errors(run_dir: Path) -> Path:
    """Twenty groups of eight that are right, and two right answers of all scored wrong."""
    right, wrong = rollout(r"\boxed{4}"), verdict(score=0.0, answer="4")
    audit = Audit(run_dir, "rare", origin())
    audit.record(
        0,
        [
            scored_group(
                0,
                g,
                [Sample(f"{g}/{i}", right, wrong if g < 2 and not i else verdict()) for i in range(8)],
                problem(g),
            )
            for g in range(20)
        ],
    )
    audit.close()
    return run_dir


def test_what_a_sample_says_is_about_all_rollouts(tmp_path: Path) -> None:
    whole = json.loads(regrade(run_with_rare_errors(tmp_path / "whole"), LENIENT, "--json"))
    run_with_rare_errors(tmp_path / "part")
    part = json.loads(regrade(tmp_path / "part", LENIENT, "--sample", "8", "--json"))
    assert (part["rollouts"], part["rollouts_graded_again"]) == (160, 8)
    assert part["right_only_to_other"] == 2  # of eight
    for name in ("share_differing", "mean_reward_change"):
        assert part[name] == pytest.approx(whole[name]) == 2 / 160


def test_a_sample_is_told_as_one_and_not_tested_as_if_it_were_all(tmp_path: Path) -> None:
    told = regrade(run_with_rare_errors(tmp_path), LENIENT, "--sample", "8")
    assert "2 verdicts differ of the 8 graded again; of all 160" in told
    assert "an estimated 1.25 %" in told
    assert "McNemar" not in told
    assert json.loads(regrade(tmp_path, LENIENT, "--sample", "8", "--json"))["mcnemar_p"] is None
    assert "2 of 160 verdicts differ" in regrade(tmp_path, LENIENT)


def test_each_attempt_is_taught_again_by_its_own_reward_policy(tmp_path: Path) -> None:
    other = origin()
    paid = other.config | {"reward": {"no_answer": -1.0}}
    for attempt, made in enumerate((other, other.model_copy(update={"config": paid}))):
        audit = Audit(tmp_path, "resumed", made, resume=attempt > 0)
        audit.record(
            attempt,
            [scored_group(attempt, 0, [Sample(f"{attempt}/{i}", rollout(), NO_ANSWER) for i in range(2)])],
        )
        audit.close()
    regrade(tmp_path, LENIENT)
    assert what_if(tmp_path, "tests.audit.lenient_LenientMath").teaching.reward_change == pytest.approx(1.5)


def test_the_rewards_of_the_run_stay_as_they_were(tmp_path: Path) -> None:
    before = ask(run_with_faults(tmp_path), "SELECT * FROM held").rows
    assert "5 of 5 rows" in regrade(tmp_path, LENIENT)
    assert ask(tmp_path, "SELECT * FROM held").rows == before
    assert CliRunner().invoke(app, ["check", str(tmp_path)]).exit_code == 0


def test_a_stopped_regrade_goes_on_and_grades_each_row_once(tmp_path: Path) -> None:
    regrade(run_with_faults(tmp_path), LENIENT)
    [part] = opinion_files(tmp_path)
    rows = ask(tmp_path, "SELECT * FROM verdicts ORDER BY row_hash")
    kept = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows[:2]]
    write_whole(part, parquet_bytes(kept, OPINION_SCHEMA))
    assert "3 of 3 rows" in regrade(tmp_path, LENIENT)
    assert len(opinion_files(tmp_path)) == 2
    assert ask(tmp_path, "SELECT * EXCLUDE elapsed_ms FROM verdicts ORDER BY row_hash").rows == [
        row[:-1] for row in rows.rows
    ]


def test_a_regrade_seals_nothing_but_its_own_opinion(tmp_path: Path) -> None:
    """What lies unsealed in a finished run was put there by somebody, and stays a fault."""
    run_with_faults(tmp_path)
    shutil.copy(tmp_path / ledger_file(0, 1), tmp_path / ledger_file(0, 2))
    write_whole(tmp_path / "evals/step_000009.json", b"{}")
    planted = ["evals/step_000009.json", str(write_opinions(tmp_path, "another", []))]
    write_opinions(tmp_path, parse_second_verifier(LENIENT).opinion, [])  # left by a kill
    regrade(tmp_path, LENIENT)
    faults = check_run(tmp_path).faults
    assert sorted(fault.split()[0] for fault in faults) == sorted([ledger_file(0, 2), *planted])


def test_a_sample_is_spread_over_outcomes_and_grows(tmp_path: Path) -> None:
    run_with_faults(tmp_path)  # two rows each of right and wrong, one undecided
    assert "3 of 3 rows" in regrade(tmp_path, LENIENT, "--sample", "3")
    seen = ask(tmp_path, "SELECT DISTINCT outcome FROM opinions ORDER BY outcome").rows
    assert seen == [("right",), ("undecided",), ("wrong",)]
    first = set(ask(tmp_path, "SELECT row_hash FROM verdicts").rows)
    assert "1 of 1 rows" in regrade(tmp_path, LENIENT, "--sample", "4")
    assert first < set(ask(tmp_path, "SELECT row_hash FROM verdicts").rows)


def test_a_long_reference_is_held_once_and_not_once_per_row(tmp_path: Path) -> None:
    long = problem(0).model_copy(update={"extra": {"tests": "x" * 2**20, "wanted": "4"}})
    audit = Audit(tmp_path, "long", origin())
    audit.record(0, [scored_group(0, 0, [Sample(str(i), rollout(), verdict()) for i in range(80)], long)])
    audit.close()
    tracemalloc.start()
    regrade(tmp_path, LENIENT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * 2**20  # the rows' references are 80 of these
    assert ask(tmp_path, "SELECT count(*), sum(score) FROM verdicts").rows == [(80, 80.0)]


def test_another_version_under_the_same_name_is_refused(tmp_path: Path) -> None:
    regrade(run_with_faults(tmp_path), LENIENT)
    [part] = opinion_files(tmp_path)
    rows = ask(tmp_path, "SELECT * REPLACE ('000000000000' AS verifier_digest) FROM verdicts")
    write_whole(
        part, parquet_bytes([dict(zip(rows.columns, row, strict=True)) for row in rows.rows], OPINION_SCHEMA)
    )
    with pytest.raises(LedgerError, match="another version"):
        regrade(tmp_path, LENIENT)


def test_a_persons_own_verifier_and_options_give_an_opinion_each(tmp_path: Path) -> None:
    regrade(run_with_faults(tmp_path), LENIENT)
    regrade(tmp_path, f"{LENIENT}@wanted=5")
    rows = ask(
        tmp_path, "SELECT opinion, sum(score)::INT AS n FROM verdicts GROUP BY opinion ORDER BY opinion"
    ).rows
    assert rows == [("tests.audit.lenient_LenientMath", 2), ("tests.audit.lenient_LenientMath_wanted=5", 3)]


def test_nothing_to_grade_and_nothing_graded_are_clear_errors(tmp_path: Path) -> None:
    run_with_faults(tmp_path)
    with pytest.raises(LedgerError, match=r"no stored rollout .* was graded by 'table'"):
        regrade(tmp_path, "table")
    with pytest.raises(LedgerError, match="holds no second opinion 'math'"):
        what_if(tmp_path, "math")


def test_a_hostile_reason_reaches_the_terminal_inert(tmp_path: Path) -> None:
    audit = Audit(tmp_path, "hostile", origin())
    samples = [
        Sample(str(i), rollout(), NO_ANSWER.model_copy(update={"reason": "\x1b[2J\u202e"})) for i in range(2)
    ]
    audit.record(0, [scored_group(0, 0, samples)])
    audit.close()
    printed = regrade(tmp_path, LENIENT)
    assert r"\x1b[2J\u202e" in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("spec", "url", "options", "opinion"),
    [
        ("math", None, {}, "math"),
        ("code@time_limit_s=9", None, {"time_limit_s": 9}, "code_time_limit_s=9"),
        (
            "code@checker=float:1e-6,a=[1]",
            None,
            {"checker": "float:1e-6", "a": [1]},
            "code_checker=float_1e-6_a=_1",
        ),
        ("math@http://10.0.0.1:80", "http://10.0.0.1:80", {}, "math_http_10.0.0.1_80"),
    ],
)
def test_a_second_verifier_is_read_as_written(
    spec: str, url: str | None, options: dict[str, object], opinion: str
) -> None:
    second = parse_second_verifier(spec)
    assert (second.url, second.options, second.opinion) == (url, options, opinion)


@pytest.mark.parametrize("spec", ["", "nonsense", "math@", "math@x", "math@=1"])
def test_what_names_no_second_verifier_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError):
        parse_second_verifier(spec)


@given(spec=st.text())
def test_no_spec_makes_a_folder_outside_the_run(spec: str) -> None:
    try:
        opinion = parse_second_verifier(f"math@x={spec}").opinion
    except ConfigError:
        return
    assert "/" not in opinion
    assert not opinion.startswith(".")


@pytest.mark.parametrize(
    ("lost", "won", "p"), [(0, 0, 1.0), (1, 1, 1.0), (10, 0, 2 / 1024), (3, 7, 0.34375), (0, 5000, 0.0)]
)
def test_mcnemar_agrees_with_the_binomial(lost: int, won: int, p: float) -> None:
    assert mcnemar(lost, won) == pytest.approx(p, abs=1e-12)
