"""Questions to a run's books: the named ones find what they are for, and nothing is written or reached."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rlvr.audit import Audit
from rlvr.audit.asking.named_queries import NAMED_QUERIES
from rlvr.audit.asking.sql import as_table, ask
from rlvr.audit.books.schema import LEDGER_SCHEMA
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.audit.cli import app
from rlvr.audit.opinions.stored import OPINION_SCHEMA
from rlvr.errors import ConfigError, LedgerError
from rlvr.rollouts import Sample
from tests.audit.sample_runs import NO_ANSWER, origin, problem, rollout, scored_group, verdict, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("runs") / "sample"
    write_run(run_dir, steps=8, groups=8, size=4)
    return run_dir


def faulty_run(run_dir: Path) -> Path:
    """Three steps with a flaky verdict, a wrong reference, a silent zero, a missed `4.` and a trick."""
    audit = Audit(run_dir, "faulty", origin())
    good, bad = verdict(), verdict(score=0.0, answer="4")
    for step in range(3):
        flaky = [Sample(f"{step}/a{i}", rollout(tokens=10 * (i + 1)), v) for i, v in enumerate((good, bad))]
        missed = [Sample(f"{step}/m{i}", rollout(), verdict(score=0.0, answer=" $4$.")) for i in range(4)]
        trick = verdict(verifier="code", answer="x", reason="all_passed", elapsed_ms=90.0)
        exits = [Sample(f"{step}/x{i}", rollout("```\nimport os; os._exit(0)\n```"), trick) for i in range(2)]
        audit.record(
            step,
            [
                scored_group(step, 0, flaky, problem(0)),
                scored_group(step, 1, missed, problem(1, domain="zero")),
                scored_group(step, 2, exits, problem(2, domain="code")),
            ],
        )
    audit.close()
    return run_dir


def second_opinion(run_dir: Path, score: float, drawn: str = "true") -> None:
    """An opinion that gives every row of the run, or those `drawn`, the same score."""
    rows = [
        dict.fromkeys(OPINION_SCHEMA.names)
        | {"opinion": "other", "row_hash": row_hash, "status": "graded", "score": score, "reason": "equal"}
        for (row_hash,) in ask(run_dir, f"SELECT row_hash FROM held WHERE {drawn}").rows
    ]
    write_whole(run_dir / "verdicts/other/part-000000.parquet", parquet_bytes(rows, OPINION_SCHEMA))


@pytest.mark.parametrize("name", NAMED_QUERIES)
def test_every_named_query_answers_on_a_clean_run_and_on_an_empty_one(
    name: str, run: Path, tmp_path: Path
) -> None:
    Audit(tmp_path, "empty", origin()).close()
    assert ask(run, f"@{name}").columns == ask(tmp_path, f"@{name}").columns
    assert ask(tmp_path, f"@{name}").rows == []


@pytest.mark.parametrize(
    ("query", "column", "found"),
    [
        ("@silent_zeros", "data_source", "tests__zero"),
        ("@flaky_verdicts", "problem_id", "math/0"),
        ("@gold_suspects", "problem_id", "zero/1"),
        ("@exploit_hits", "detector", "exits_early"),
        ("@fn_candidates", "found_by", "same text"),
        ("@fp_candidates", "found_by", "exits_early"),
        ("@first_seen_pattern(3)", "opening", "``` import os; os._exit(0) ```"),
        ("@slow_verdicts(1)", "verifier", "code"),
        ("SELECT fate FROM books WHERE n = 24", "fate", "used"),
    ],
)
def test_a_named_query_finds_what_it_is_for(query: str, column: str, found: str, tmp_path: Path) -> None:
    answer = ask(faulty_run(tmp_path), query)
    assert found in [row[answer.columns.index(column)] for row in answer.rows]


def test_a_second_opinion_shows_who_disagrees_and_what_it_would_have_taught(tmp_path: Path) -> None:
    second_opinion(faulty_run(tmp_path), score=1.0)
    assert [row[-1] for row in ask(tmp_path, "@disagreements").rows] == [12, 3]
    assert len(ask(tmp_path, "@mixed_groups_flipped").rows) == 3
    [(reference,)] = ask(tmp_path, "SELECT count(*) FROM impact WHERE sign_was <> 0 AND sign_other = 0").rows
    assert reference == 6


def test_one_opinion_on_a_group_is_set_beside_the_verdicts_of_all_others(tmp_path: Path) -> None:
    scores = [0.0, 1.0, 1.0, 1.0]
    samples = [Sample(str(i), rollout(), verdict(score=score)) for i, score in enumerate(scores)]
    audit = Audit(tmp_path, "group", origin())
    audit.record(0, [scored_group(0, 0, samples)])
    audit.close()
    second_opinion(tmp_path, score=1.0, drawn="score = 0")
    assert ask(tmp_path, "SELECT sign_was, sign_other FROM impact").rows == [(-1, 0)]
    answer = ask(tmp_path, "@mixed_groups_flipped")
    assert [row[answer.columns.index("changed")] for row in answer.rows] == [1]


def test_a_verdict_confirmed_changes_no_sign_whatever_the_reward_policy_paid(tmp_path: Path) -> None:
    samples = [Sample("a", rollout(), NO_ANSWER), Sample("b", rollout(), verdict(score=0.0))]
    group = replace(
        scored_group(0, 0, samples),
        rewards_G=np.array([-0.5, 0.0], np.float32),
        advantages_G=np.array([-1.0, 1.0], np.float32),
        dropped_G=(None, None),
    )
    audit = Audit(tmp_path, "penalty", origin())
    audit.record(0, [group])
    audit.close()
    second_opinion(tmp_path, score=0.0, drawn="outcome = 'wrong'")
    assert ask(tmp_path, "SELECT sign_was, sign_other FROM impact").rows == [(1, 1)]
    assert ask(tmp_path, "@mixed_groups_flipped").rows == []


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("DROP VIEW held", id="writes"),
        pytest.param("SELECT 1; SELECT 2", id="two"),
        pytest.param("COPY (SELECT 1) TO 'stolen.csv'", id="copies-out"),
        pytest.param("SELECT * FROM read_text('/etc/hostname')", id="reads-a-file"),
        pytest.param("SELECT * FROM read_csv('https://example.org/x.csv')", id="asks-the-network"),
        pytest.param("SELECT * FROM statements", id="reads-the-programs-variables"),
        pytest.param("SET enable_external_access = true", id="opens-itself"),
        pytest.param("INSTALL httpfs", id="installs"),
        pytest.param("@nothing", id="unknown-name"),
        pytest.param("@exploit_hits(3)", id="number-where-none-is-taken"),
        pytest.param("SELEC", id="not-sql"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_a_question_to_the_books_is_refused(query: str, run: Path) -> None:
    with pytest.raises(ConfigError):
        ask(run, query)


def test_a_damaged_second_opinion_is_a_ledger_error(tmp_path: Path) -> None:
    write_run(tmp_path, steps=1, groups=1, size=2)
    write_whole(tmp_path / "verdicts/other/part-000000.parquet", b"torn")
    with pytest.raises(LedgerError):
        ask(tmp_path, "SELECT * FROM opinions")


def test_the_terminal_gets_no_character_that_acts(tmp_path: Path) -> None:
    audit = Audit(tmp_path, "hostile", origin())
    samples = [Sample(str(i), rollout("\x1b[31m\u202ered\nx"), verdict()) for i in range(2)]
    audit.record(0, [scored_group(0, 0, samples)])
    audit.close()
    table = as_table(ask(tmp_path, "SELECT response FROM held"))
    assert table.splitlines()[1] == r"\x1b[31m\u202ered\nx"
    printed = CliRunner().invoke(app, ["sql", str(tmp_path), "SELECT response FROM held", "--json"])
    assert printed.output.isascii()
    assert json.loads(printed.output.splitlines()[0]) == {"response": "\x1b[31m\u202ered\nx"}


def test_an_answer_without_a_finite_value_is_null_in_json(run: Path) -> None:
    query = "SELECT corr(1, 1) AS fit, [1.5, 'nan'::DOUBLE] AS list FROM held"
    printed = CliRunner().invoke(app, ["sql", str(run), query, "--json"])
    assert printed.output == '{"fit": null, "list": [1.5, null]}\n'


def test_columns_of_one_name_are_told_apart(run: Path) -> None:
    query = "SELECT 1 AS n, 2 AS n, 3 AS n_2, 4 AS n"
    printed = CliRunner().invoke(app, ["sql", str(run), query, "--json"]).output
    assert json.loads(printed) == {"n": 1, "n_2": 2, "n_2_2": 3, "n_3": 4}


def test_a_time_with_a_zone_is_refused_in_a_sentence(run: Path) -> None:
    with pytest.raises(ConfigError, match="cast it, as in `now"):
        ask(run, "SELECT now()")
    assert ask(run, "SELECT now()::TIMESTAMP > TIMESTAMP '2020-01-01' AS late").rows == [(True,)]


def test_every_column_can_be_read(run: Path) -> None:
    answer = ask(run, "SELECT * FROM rollouts WHERE step = 0")
    assert answer.columns == tuple(LEDGER_SCHEMA.names)
    assert len(answer.rows) == 32


def test_without_a_query_the_named_ones_are_listed(run: Path) -> None:
    listed = CliRunner().invoke(app, ["sql", str(run)]).output
    assert all(f"@{name}" in listed for name in NAMED_QUERIES)
