"""Forms of a Guru row that are undone on reading: the compressed variant, and tests by the thousand."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from guru_data import Problem, Rejected
from guru_data.grading import ProblemGrader, ReferenceOutcome
from tests.guru_data.guru_files import write_rows
from tests.guru_data.guru_reading import one_math_row, problems, read


def packed(value: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0)).decode()


@pytest.mark.parametrize("stripped", [False, True])
def test_the_compressed_variant_gives_the_same_problems(stripped: bool, tmp_path: Path) -> None:
    plain = one_math_row()
    text = packed(plain["extra_info"]).rstrip("=" if stripped else "")
    truth = plain["reward_model"]["ground_truth"]
    ways = {
        "parts": (
            {"ground_truth": {"compressed": packed(truth)}, "style": "rule"},
            {"part_1": text[:40], "part_2": text[40:], "part_3": None},
        ),
        "columns": (packed(plain["reward_model"]), text),
        "json": (json.dumps(plain["reward_model"]), json.dumps(plain["extra_info"])),
    }
    write_rows(tmp_path / "train" / "plain.parquet", [plain])
    for name, (reward_model, info) in ways.items():
        changed = plain | {"reward_model": reward_model, "extra_info": info}
        write_rows(tmp_path / "train" / f"{name}.parquet", [changed])
    found = problems(tmp_path)
    assert len(found) == 4
    assert len({problem.content_hash for problem in found}) == 1


def code_row(truth: dict[str, Any]) -> dict[str, Any]:
    reward_model = {"ground_truth": json.dumps(truth), "style": "rule"}
    return one_math_row(data_source="codegen__taco", reward_model=reward_model)


def kept_tests(problem: Problem) -> dict[str, Any]:
    assert isinstance(problem.ground_truth, str)
    tests: dict[str, Any] = json.loads(problem.ground_truth)
    return tests


def test_tests_are_capped_evenly_and_the_longest_go_first(tmp_path: Path) -> None:
    many = {"inputs": [f"{at}" for at in range(101)], "outputs": [f"{-at}" for at in range(101)]}
    long = {"inputs": ["1", "2" * 5000, "3"], "outputs": ["1", "2", "3"]}
    write_rows(tmp_path / "train" / "code.parquet", [code_row(many), code_row(long)])
    few, short = map(kept_tests, problems(tmp_path, max_tests=5, max_test_chars=1000))
    assert few == {"inputs": ["0", "25", "50", "75", "100"], "outputs": ["0", "-25", "-50", "-75", "-100"]}
    assert short == {"inputs": ["1", "3"], "outputs": ["1", "3"]}


def test_a_program_of_tests_is_capped_in_its_lists(tmp_path: Path) -> None:
    cases = [[f"it's, [{at}]", {"a": (at, at)}] for at in range(9)]
    program = f"_inputs = {cases}\n_outputs = {[[at] for at in range(9)]}\nimport math\nassert f(*_inputs[0])"
    write_rows(tmp_path / "train" / "code.parquet", [code_row({"functional": program})])
    (problem,) = problems(tmp_path, max_tests=3)
    kept: dict[str, Any] = {}
    exec(kept_tests(problem)["functional"].partition("import math")[0], kept)
    assert kept["_inputs"] == [cases[0], cases[4], cases[8]]
    assert kept["_outputs"] == [[0], [4], [8]]


def test_tests_that_stay_too_long_are_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "train" / "code.parquet", [code_row({"functional": "x" * 5000})])
    (row,) = read(tmp_path, max_test_chars=1000)
    assert isinstance(row, Rejected)
    assert "cannot be cut" in row.detail


def test_a_solution_that_is_a_body_is_put_below_its_function(tmp_path: Path) -> None:
    tests = {"functional": "def check(f):\n    assert f(1) == 2\ncheck(inc)"}
    shown = '```python\ndef inc(x):\n    """Return x + 1."""\n```'
    made = code_row(tests) | {
        "prompt": [{"role": "user", "content": f"Complete:\n{shown}"}],
        "extra_info": {"reference": "    return x + 1\n"},
    }
    write_rows(tmp_path / "online_eval" / "codegen__humaneval_164.parquet", [made])
    with ProblemGrader() as grader:
        assert grader.check_reference(problems(tmp_path)[0]).outcome is ReferenceOutcome.ACCEPTED


@pytest.mark.parametrize("inside", ["", "online_eval"], ids=["the-root", "the-folder-itself"])
def test_files_to_evaluate_on_are_never_trained_on_however_they_are_named(
    inside: str, tmp_path: Path
) -> None:
    write_rows(tmp_path / "guru" / "online_eval" / "math.parquet", [one_math_row()] * 3)
    found = problems(tmp_path / "guru" / inside, files=("**/*.parquet",), heldout_share=0.0)
    assert [problem.split for problem in found] == ["heldout"] * 3
