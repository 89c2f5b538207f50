"""Whole files and the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LINES = [
    {"id": 1, "verifier": "choice", "response": r"\boxed{A}", "ground_truth": "A"},
    "this is not JSON",
    b"\xff",
    {"id": 3, "verifier": "choice", "response": "A", "ground_truth": "no letter"},
    {"id": 4, "verifier": "nobody", "response": "A", "ground_truth": "A"},
    {"id": 5, "response": "A"},
    {"id": 6, "data_source": "stem__gpqa", "response": "Answer: B", "ground_truth": "A", "extra": {}},
]


def line_of(row: object) -> bytes:
    if isinstance(row, bytes):
        return row
    return (row if isinstance(row, str) else json.dumps(row)).encode()


def verifiers(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "verifiers", *arguments], capture_output=True, text=True, timeout=120
    )


def test_a_file_is_graded_line_by_line_in_order(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"".join(line_of(row) + b"\n" for row in LINES))
    done = verifiers("grade", str(source), str(target), "--workers", "1", "--only", "choice")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = [json.loads(line) for line in target.read_text().splitlines()]
    assert [row["id"] for row in rows] == [1, None, None, 3, 4, 5, 6]
    assert [row.get("score") for row in rows] == [1.0, None, None, None, None, None, 0.0]
    kinds = [row["error"]["kind"] for row in rows if "error" in row]
    bad = "invalid_request"
    assert kinds == [bad, bad, "ground_truth_error", "unknown_verifier", bad]


def test_verdicts_never_take_the_place_of_what_is_to_be_graded(tmp_path: Path) -> None:
    source, link = tmp_path / "in.jsonl", tmp_path / "link.jsonl"
    source.write_bytes(row := line_of(LINES[0]))
    link.symlink_to(source)
    for target in (source, link):
        done = verifiers("grade", str(source), str(target), "--workers", "1", "--only", "choice")
        assert (done.returncode, "need a file of their own" in done.stderr) == (2, True)
        assert source.read_bytes() == row


def test_usage_errors_are_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    for arguments in (
        ["grade", str(tmp_path / "missing"), str(tmp_path / "out")],
        ["grade", str(tmp_path), str(tmp_path / "out"), "--only", "choise"],
        ["serve", "--plugin", "nonsense"],
        ["serve", "--host", "0.0.0.0", "--port", "0"],
    ):
        done = verifiers(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_the_list_names_every_verifier() -> None:
    done = verifiers("list")
    assert {line.split()[0] for line in done.stdout.splitlines()} >= {"math", "code", "zebra", "stem"}
