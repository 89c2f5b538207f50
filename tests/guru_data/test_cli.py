"""The command line: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guru_data.cli import main

SMALL = ["kind=synthetic", "train_per_domain=5", "heldout_per_domain=3"]


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["guru_data", *words])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


def test_show_prints_prompts_and_references(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "show", *SMALL, 'domains=["math"]', "--count", "3") == 0
    printed = capsys.readouterr().out
    assert printed.count("Answer in \\boxed{}.") == 3
    assert printed.count("reference: ") == 3


def test_show_prints_markup_in_a_prompt_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = {
        "prompt": "[red]x[/red]",
        "ground_truth": "1",
        "verifier": "math",
        "domain": "math",
        "split": "heldout",
    }
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(row))
    assert run(monkeypatch, "show", "kind=jsonl", f"path={path}", "--heldout") == 0
    assert "[red]x[/red]" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["show", "stats"])
def test_nothing_in_the_data_acts_on_the_terminal(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = {
        "prompt": "\x1b]0;title\x07",
        "ground_truth": "\x1b[2J",
        "verifier": "math",
        "domain": "[/red]",
        "licence": "[link=http://evil]mit\x1b[1m",
        "split": "train",
    }
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(row))
    assert run(monkeypatch, command, "kind=jsonl", f"path={path}") == 0
    printed = capsys.readouterr().out
    assert "[/red]" in printed
    assert not {"\x1b", "\x07"} & set(printed)


def test_stats_counts_both_sides(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "stats", *SMALL, 'domains=["logic"]') == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "ordering" in line]
    assert [[cell for cell in row if cell.isalnum()][:4] for row in rows] == [
        ["logic", "ordering", "train", "5"],
        ["logic", "ordering", "heldout", "3"],
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["synthetic"], "key=value", id="not-a-pair"),
        pytest.param(["kind=jsonl", "path=/nowhere/x.jsonl"], "cannot read", id="missing-file"),
        pytest.param(["kind=synthetic", "seed=-1"], "seed", id="bad-value"),
        pytest.param(["kind=synthetic", "seed.a=1"], "seed", id="section-for-a-value"),
        pytest.param(["kind=synthetic", "seed=1", "seed.a=1"], "seed", id="both"),
    ],
)
def test_a_bad_config_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert run(monkeypatch, "stats", *words) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert message in printed


def test_validate_accepts_every_reference_of_our_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "validate", *SMALL) == 0
    assert "refused" not in capsys.readouterr().out


def test_validate_names_what_it_cannot_accept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = [
        {"id": "good", "prompt": "?", "ground_truth": ["a", "b"], "verifier": "ordering", "domain": "logic"},
        {"id": "bad", "prompt": "?", "ground_truth": "a, b", "verifier": "ordering", "domain": "logic"},
    ]
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert run(monkeypatch, "validate", "kind=jsonl", f"path={path}") == 1
    printed = capsys.readouterr().out
    assert "bad (mine.jsonl:2): malformed" in printed
    assert "good (" not in printed


def test_a_verifier_that_cannot_be_had_is_exit_code_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"prompt": "?", "ground_truth": "a", "verifier": "stm", "domain": "science"}))
    assert run(monkeypatch, "validate", "kind=jsonl", f"path={path}") == 4
    assert "stm" in capsys.readouterr().err


def test_prepare_writes_a_folder_that_the_other_commands_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    source = 'kind = "synthetic"\ndomains = ["math"]\ntrain_per_domain = 20\nheldout_per_domain = 5'
    config.write_text(f"out = {json.dumps(str(tmp_path / 'out'))}\n[[sources]]\n{source}\n")
    assert run(monkeypatch, "prepare", str(config)) == 0
    assert "25 of 25 rows, 0 removed" in capsys.readouterr().out.replace("\n", "")
    for command in ("stats", "show", "validate"):
        assert run(monkeypatch, command, "kind=parquet", f"path={tmp_path / 'out'}") == 0
    printed = capsys.readouterr().out
    assert "CC0-1.0" in printed
    assert "accepted" in printed
    assert run(monkeypatch, "prepare", str(config)) == 2
    assert "exists" in capsys.readouterr().err
