"""What holds for every format: nothing is dropped in silence, nothing hostile acts, no run is overwritten."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from guru_data.errors import RowError, SourceError
from rlvr.audit.asking.sql import ask
from rlvr.audit.books.check import check_run
from rlvr.audit.books.manifest import LEFT_OUT_FILE, read_manifest
from rlvr.audit.books.storage import sha256_file
from rlvr.audit.cli import app
from rlvr.audit.exchange.importing import FORMATS, Asked, import_run
from rlvr.audit.exchange.importing.base import open_format
from rlvr.audit.exchange.importing.fate import ledger_row, problem_of
from rlvr.audit.exchange.importing.lines import MAX_LINE_BYTES, parse_line, read_lines
from rlvr.audit.labels import LABELS_FILE, label_row
from rlvr.audit.report.facts import gather
from rlvr.audit.report.page import write_report
from rlvr.errors import ConfigError, LedgerError

COMMAND = ("rlvr", "audit", "import")
MATH = Asked("math")


def verl_row(**values: Any) -> dict[str, Any]:
    return {"input": "2 + 2 = ?", "output": r"\boxed{4}", "gts": "4", "score": 1.0, "step": 1} | values


def dump(path: Path, *rows: Any) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def test_the_manifest_says_where_the_rollouts_are_from(tmp_path: Path) -> None:
    file = dump(tmp_path / "1.jsonl", verl_row(), verl_row(score=0.0, output="no"), "torn {")
    found = import_run("verl", file, tmp_path / "run", MATH, COMMAND)
    [origin] = read_manifest(tmp_path / "run").attempts
    assert origin.imported is not None
    assert origin.imported.files == {"1.jsonl": sha256_file(file)}
    assert (origin.imported.rows, origin.imported.left_out, origin.config, origin.model) == (2, 1, {}, None)
    assert check_run(tmp_path / "run", found.head).faults == []


def test_what_was_left_out_is_sealed_and_counted(tmp_path: Path) -> None:
    file = dump(tmp_path / "1.jsonl", verl_row(), "torn {", "torn [")
    head = import_run("verl", file, tmp_path / "run", MATH, COMMAND).head
    left_out = tmp_path / "run" / LEFT_OUT_FILE
    content = left_out.read_bytes()
    left_out.write_bytes(content.replace(b"JSON", b"Java"))
    assert check_run(tmp_path / "run", head).faults == ["left_out.jsonl was changed after it was sealed"]
    left_out.write_bytes(content[: content.index(b"\n") + 1])
    assert "left_out.jsonl names 1 rows, manifest.json says that 2 were left out" in (
        check_run(tmp_path / "run").faults
    )
    left_out.unlink()
    assert "left_out.jsonl is missing" in check_run(tmp_path / "run").faults


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("{", "not JSON", id="torn"),
        pytest.param("[" * 100_000, "nested too deeply", id="nested"),
        pytest.param("7", "int, not an object", id="no-object"),
        pytest.param({"step": 1}, "no 'score'", id="nothing-there"),
        pytest.param(verl_row(output=None), "output is NoneType", id="no-text"),
        pytest.param(verl_row(step=None), "step is null", id="no-step"),
        pytest.param(verl_row(step=2**40), "no whole number", id="a-step-too-large"),
        pytest.param(verl_row(step=-1), "no whole number", id="a-step-below-zero"),
        pytest.param(verl_row(score="1.0"), "str, not a number", id="a-score-in-words"),
        pytest.param('{"input": "", "score": 1e999, "step": 1}', "infinite", id="an-infinite-score"),
        pytest.param(verl_row(score=-1.0), "not from 0 to 1", id="a-score-out-of-range"),
        pytest.param(verl_row(gts="\ud800"), "reference cannot be kept", id="a-reference-that-is-no-text"),
        pytest.param(verl_row(gts=[float("nan")]), "cannot be kept", id="a-reference-that-is-no-json"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_refused_with_file_line_and_reason(row: Any, reason: str, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    dump(folder / "1.jsonl", verl_row(), row)
    found = import_run("verl", folder, tmp_path / "run", MATH, COMMAND)
    [left] = [json.loads(line) for line in (tmp_path / "run" / "left_out.jsonl").read_text().splitlines()]
    assert (left["file"], left["row"]) == ("1.jsonl", 2)
    assert reason in left["reason"]
    assert (found.rows, found.left_out) == (1, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("input", "output", "gts", "score", "step", "uid", "prompt", "completion", "reward", "answer", "error")
KEYS += (
    "token_usage",
    "metrics",
    "example_id",
    "task",
    "nodes",
    "rewards",
    "calls",
    "errors",
    "is_truncated",
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=st.dictionaries(st.sampled_from(KEYS), JSON), kind=st.sampled_from(["verl", "verifiers"]))
def test_any_record_is_a_row_or_refused_and_nothing_else(record: dict[str, Any], kind: str) -> None:
    try:
        dumped = open_format(kind).rollout(json.dumps(record).encode(), MATH)
        row = ledger_row(dumped, problem_of(dumped, dumped.truth, MATH, kind), MATH)
    except RowError:
        return
    assert row["used"] == (row["dropped_reason"] is None)
    assert row["score"] is None or 0.0 <= row["score"] <= 1.0


def test_a_line_without_end_is_never_in_memory_whole(tmp_path: Path) -> None:
    file = tmp_path / "1.jsonl.gz"
    with gzip.open(file, "wb", compresslevel=1) as zipped:
        for _ in range(3):
            zipped.write(b"x" * MAX_LINE_BYTES)
        zipped.write(b"\n{}\n")
    (first, line), (second, rest) = read_lines(file)
    assert (first, len(line), second, rest) == (1, MAX_LINE_BYTES + 1, 2, b"{}\n")
    with pytest.raises(RowError, match="longer than 64 MiB"):
        parse_line(line)


def test_a_file_that_is_damaged_stops_the_import_before_anything_is_written(tmp_path: Path) -> None:
    damaged = tmp_path / "train_rollouts.jsonl.gz"
    damaged.write_bytes(gzip.compress(b"{}\n" * 100)[:-9])
    with pytest.raises(SourceError, match="cannot read"):
        import_run("verifiers", damaged, tmp_path / "run", MATH, COMMAND)
    (tmp_path / "completions_1.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(SourceError, match="cannot read"):
        import_run("trl", tmp_path, tmp_path / "run", MATH, COMMAND)
    assert not (tmp_path / "run").exists()


def test_steps_of_two_trainings_are_not_mixed(tmp_path: Path) -> None:
    file = dump(tmp_path / "1.jsonl", verl_row(step=2), verl_row(step=1))
    with pytest.raises(LedgerError, match=r"1.jsonl:2: step 1 comes after step 2"):
        import_run("verl", file, tmp_path / "run", MATH, COMMAND)
    assert not (tmp_path / "run").exists()


def test_an_import_never_touches_a_run_that_is_there(tmp_path: Path) -> None:
    file = dump(tmp_path / "1.jsonl", verl_row())
    first = import_run("verl", file, tmp_path / "run", MATH, COMMAND)
    with pytest.raises(LedgerError, match="already holds a run"):
        import_run("verl", file, tmp_path / "run", MATH, COMMAND)
    assert check_run(tmp_path / "run", first.head).ok


@pytest.mark.parametrize(
    ("kind", "asked", "fault"),
    [
        ("openrlhf", MATH, f"have {', '.join(FORMATS)}"),
        ("verl", Asked("maths"), "no verifier 'maths'"),
        ("verl", Asked("math", low=1.0, high=0.0), "wrong answer's score"),
        ("trl", MATH, "holds no file of the format"),
    ],
)
def test_a_mistake_of_the_person_is_named(kind: str, asked: Asked, fault: str, tmp_path: Path) -> None:
    dump(tmp_path / "1.jsonl", verl_row())
    with pytest.raises(ConfigError, match=fault):
        import_run(kind, tmp_path, tmp_path / "run", asked, COMMAND)


def test_rewards_of_minus_one_and_one_keep_their_values_and_get_scores(tmp_path: Path) -> None:
    file = dump(tmp_path / "7.jsonl", *(verl_row(score=score) for score in (-1.0, 1.0, 0.0, 0.9999999)))
    command = ["import", "verl", str(file), str(tmp_path / "run"), "--verifier", "math", "--range", "-1", "1"]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert (done.exit_code, json.loads(done.stdout)["rows"]) == (0, 4)
    rows = ask(tmp_path / "run", "SELECT reward, score, outcome FROM held ORDER BY rollout_id").rows
    assert rows == [
        (-1.0, 0.0, "wrong"),
        (1.0, 1.0, "right"),
        (0.0, 0.5, "partly"),
        (0.9999999, 1.0, "right"),
    ]


def test_hostile_text_stays_inert_on_the_terminal_and_in_the_report(tmp_path: Path) -> None:
    hostile = "</pre><script>alert(1)</script>\x1b[31m\u202e\ud800\x00"
    rows = [verl_row(output=hostile, input=hostile, data_source=hostile), verl_row(**{"step": hostile})]
    rows.append({hostile: 1})
    file = dump(tmp_path / "1.jsonl", *rows)
    done = CliRunner().invoke(app, ["import", "verl", str(file), str(tmp_path / "run"), "--verifier", "math"])
    assert (done.exit_code, "2 rows were left out" in done.output) == (0, True)
    assert "\x1b" not in done.output
    assert r"\x1b[31m\u202e" in done.output
    page = write_report(tmp_path / "run").read_text()
    assert "<script>alert" not in page
    assert "\u202e" not in page
    [(row,)] = ask(tmp_path / "run", "SELECT row_hash FROM held").rows
    assert label_row(tmp_path / "run", str(row), "wrong", tmp_path / LABELS_FILE).kind == "was_right"


def test_two_references_for_one_prompt_are_not_chosen_between(tmp_path: Path) -> None:
    data = dump(
        tmp_path / "data.jsonl",
        {"prompt": "2 + 2 = ?", "answer": "4"},
        {"prompt": "2 + 2 = ?", "answer": "5"},
        {"prompt": "3 + 3 = ?", "answer": "6"},
    )
    file = dump(tmp_path / "1.jsonl", verl_row(), verl_row(input="3 + 3 = ?"), verl_row(input="?"))
    asked = Asked("math", truth="answer", dataset=data)
    found = import_run("verl", file, tmp_path / "run", asked, COMMAND)
    assert [one.reason for one in found.named] == [
        "data.jsonl has two references for the prompt",
        "the prompt is not in data.jsonl",
    ]
    assert ask(tmp_path / "run", "SELECT ground_truth FROM problems").rows == [('"6"',)]


def test_an_evaluation_is_not_counted_as_training(tmp_path: Path) -> None:
    file = dump(tmp_path / "1.jsonl", verl_row(), verl_row(score=0.0))
    import_run("verl", file, tmp_path / "run", Asked("math", evaluation=True), COMMAND)
    balance = gather(tmp_path / "run").summary.balance
    assert (balance.requested, balance.used, dict(balance.dropped)) == (2, 0, {"evaluation": 2})


def test_every_verb_of_the_audit_works_on_an_import(tmp_path: Path) -> None:
    rows = [verl_row(step=step, output=rf"\boxed{{{step % 2}}} or \boxed{{4}}") for step in range(5)]
    run = tmp_path / "run"
    head = import_run("verl", dump(tmp_path / "1.jsonl", *rows), run, MATH, COMMAND).head
    commands = [
        ["check", str(run), "--head", head],
        ["report", str(run), "--json"],
        ["sql", str(run), "@flaky_verdicts"],
        ["diff", str(run), str(run)],
        ["export", str(run), str(tmp_path / "dataset")],
        ["check", str(tmp_path / "dataset"), "--head", head],
    ]
    codes = {" ".join(command[:2]): CliRunner().invoke(app, command).exit_code for command in commands}
    assert codes == dict.fromkeys(codes, 0)
    assert ask(run, "SELECT DISTINCT detectors IS NULL FROM held").rows == [(False,)]
