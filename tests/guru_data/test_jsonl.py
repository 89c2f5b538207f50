"""A person's own file: what it may say, and how it says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guru_data import JsonlConfig, Message, Problem, SourceError, load_problems

ROW = {"prompt": "2 + 2 = ?", "ground_truth": "4", "verifier": "math", "domain": "math"}


def write(path: Path, *rows: dict[str, object] | str) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def both_sides(config: JsonlConfig) -> list[Problem]:
    return load_problems(config, "train") + load_problems(config, "heldout")


def test_a_short_row_becomes_a_problem_with_provenance(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", "", ROW)
    (problem,) = load_problems(JsonlConfig(path=path, heldout_share=0.0, licence="MIT"), "train")
    assert problem.prompt == (Message(role="user", content="2 + 2 = ?"),)
    assert (problem.source, problem.data_source, problem.licence) == ("mine.jsonl:2", "mine", "MIT")
    assert problem.id.startswith("mine/")


def test_a_full_row_is_taken_as_it_stands(tmp_path: Path) -> None:
    row = ROW | {
        "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2 = ?"}],
        "id": "sum-1",
        "data_source": "math__sums",
        "extra": {"time_limit_s": 2},
        "licence": "CC-BY-4.0",
        "split": "heldout",
    }
    (problem,) = load_problems(JsonlConfig(path=write(tmp_path / "mine.jsonl", row)), "heldout")
    assert [message.role for message in problem.prompt] == ["system", "user"]
    assert (problem.id, problem.licence, problem.extra) == ("sum-1", "CC-BY-4.0", {"time_limit_s": 2})


def test_each_row_is_on_one_side_and_stays_there_when_rows_are_added(tmp_path: Path) -> None:
    rows = [ROW | {"prompt": f"{number} + 1 = ?", "ground_truth": str(number + 1)} for number in range(100)]
    config = JsonlConfig(path=tmp_path / "mine.jsonl", heldout_share=0.3)
    write(config.path, *rows[50:])
    before = {problem.id: problem.split for problem in both_sides(config)}
    write(config.path, *rows)
    after = {problem.id: problem.split for problem in both_sides(config)}
    assert len(before) == 50
    assert len(after) == 100
    assert before.items() <= after.items()
    assert set(after.values()) == {"train", "heldout"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param("{", r"mine.jsonl:2: row: Invalid JSON", id="not-json"),
        pytest.param(
            {key: ROW[key] for key in ("prompt", "verifier", "domain")},
            r"mine.jsonl:2: ground_truth: Field required",
            id="missing-key",
        ),
        pytest.param(ROW | {"answer": "4"}, r"mine.jsonl:2: answer: Extra inputs", id="unknown-key"),
        pytest.param(ROW | {"prompt": []}, r"mine.jsonl:2: prompt", id="no-messages"),
        pytest.param(ROW | {"domain": ""}, r"mine.jsonl:2: domain", id="empty-domain"),
        pytest.param(
            ROW | {"id": "taken"}, r"mine.jsonl:2: id 'taken' is already taken by line 1", id="same-id"
        ),
    ],
)
def test_a_row_that_does_not_fit_is_named(tmp_path: Path, row: dict[str, object] | str, message: str) -> None:
    path = write(tmp_path / "mine.jsonl", ROW | {"id": "taken", "prompt": "1 + 1 = ?"}, row)
    with pytest.raises(SourceError, match=message):
        both_sides(JsonlConfig(path=path))


def test_a_repeated_row_is_an_error_and_not_trained_on_twice(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="already taken by line 1"):
        both_sides(JsonlConfig(path=write(tmp_path / "mine.jsonl", ROW, ROW)))


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot read .*nowhere.jsonl: No such file"):
        load_problems(JsonlConfig(path=tmp_path / "nowhere.jsonl"), "train")


def test_a_file_that_is_not_text_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b'{"prompt": "\xff"}')
    with pytest.raises(SourceError, match="not UTF-8"):
        load_problems(JsonlConfig(path=path), "train")
