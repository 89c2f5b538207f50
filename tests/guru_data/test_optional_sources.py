"""Sources whose packages are optional: what they make with them, and what they say without."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from guru_data import HuggingfaceConfig, ReasoningGymConfig, SourceConfigError, SourceError, load_problems
from guru_data.huggingface import HuggingfaceSource

COLUMNS = {"prompt": "question", "ground_truth": "solution.answer"}
VALUES = {"verifier": "math", "domain": "math", "data_source": "sums"}


def data_set(folder: Path, *rows: dict[str, Any], **changes: Any) -> HuggingfaceConfig:
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    fields: dict[str, Any] = {"columns": COLUMNS, "values": VALUES, "heldout_share": 0.0} | changes
    return HuggingfaceConfig(dataset=str(folder), **fields)


def test_named_columns_of_a_data_set_become_problems(tmp_path: Path) -> None:
    rows = [{"question": f"{n} + 1?", "solution": {"answer": str(n + 1)}, "more": n} for n in range(3)]
    found = load_problems(data_set(tmp_path, *rows, licence="MIT"), "train")
    assert [problem.ground_truth for problem in found] == ["1", "2", "3"]
    assert {(problem.data_source, problem.licence) for problem in found} == {("sums", "MIT")}
    assert [problem.source.rpartition(":")[2] for problem in found] == ["0", "1", "2"]


def test_a_row_that_does_not_fit_is_named(tmp_path: Path) -> None:
    config = data_set(tmp_path, {"question": "", "solution": {"answer": "1"}})
    assert [row.reason for row in HuggingfaceSource(config).rows() if hasattr(row, "reason")] == [
        "malformed_row"
    ]
    with pytest.raises(SourceError, match="prompt"):
        load_problems(config, "train")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"columns": {"prompt": "ask"}}, "no column 'ask'", id="column"),
        pytest.param({"rows_of": "tests"}, "cannot read the data set", id="split"),
    ],
)
def test_what_is_not_there_is_named(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        load_problems(data_set(tmp_path, {"question": "?", "solution": {"answer": "1"}}, **changes), "train")


def test_without_datasets_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)  # as if it were not installed
    with pytest.raises(SourceConfigError, match="pip install datasets"):
        load_problems(data_set(tmp_path, {"question": "?"}), "train")


def test_without_reasoning_gym_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(SourceConfigError, match="pip install reasoning-gym"):
        load_problems(ReasoningGymConfig(), "train")


def test_a_task_that_our_verifiers_do_not_grade_is_named() -> None:
    with pytest.raises(SourceConfigError, match="no reasoning-gym task sokoban"):
        load_problems(ReasoningGymConfig(tasks=("sokoban",)), "train")
