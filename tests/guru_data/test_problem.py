"""Problems: hashes follow what decides training, and nothing else."""

from __future__ import annotations

import pickle

import pytest
from pydantic import JsonValue, ValidationError

from guru_data import Message, Problem


def problem(**changes: object) -> Problem:
    fields: dict[str, object] = {
        "id": "p1",
        "prompt": (Message(role="user", content="2 + 2 = ?"),),
        "domain": "math",
        "data_source": "mine",
        "verifier": "math",
        "ground_truth": "4",
        "source": "mine.jsonl:1",
        "licence": "CC0-1.0",
        "split": "train",
    }
    return Problem.model_validate(fields | changes)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": (Message(role="user", content="2 + 3 = ?"),)},
        {"prompt": (Message(role="system", content="2 + 2 = ?"),)},
        {"verifier": "stem"},
        {"ground_truth": "5"},
        {"extra": {"time_limit_s": 1}},
    ],
)
def test_the_content_hash_changes_with_what_decides_training(change: dict[str, JsonValue]) -> None:
    assert problem(**change).content_hash != problem().content_hash


def test_the_content_hash_does_not_change_with_provenance() -> None:
    assert problem(id="p2", source="b.jsonl:9", licence="MIT").content_hash == problem().content_hash


def test_the_content_hash_does_not_depend_on_the_order_of_keys() -> None:
    forwards = problem(ground_truth={"inputs": [1], "outputs": [2]})
    backwards = problem(ground_truth={"outputs": [2], "inputs": [1]})
    assert forwards.content_hash == backwards.content_hash


def test_a_problem_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(problem())) == problem()


def test_a_problem_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        problem().ground_truth = "5"


def test_a_prompt_without_messages_is_refused() -> None:
    with pytest.raises(ValidationError, match="prompt"):
        problem(prompt=())
