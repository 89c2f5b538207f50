"""What `--json` prints can be read by parsers that know no NaN."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from rlvr.cli.evaluate import told
from rlvr.evaluate import Evaluation, ProblemResult
from rlvr.strict_json import strict_json


def strictly_read(text: str) -> Any:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_a_number_that_is_not_finite_is_null_at_any_depth() -> None:
    value = {"a": math.nan, "b": [1.5, -math.inf, (math.inf, True)], "c": {"d": math.nan, "e": "NaN"}}
    assert strictly_read(strict_json(value)) == {
        "a": None,
        "b": [1.5, None, [None, True]],
        "c": {"d": None, "e": "NaN"},
    }


def test_an_evaluation_in_which_nothing_was_scored_is_json_all_the_same() -> None:
    found = strictly_read(told(Evaluation((), unscored=2), "heldout", 2, as_json=True))
    assert (found["eval/pass@1/heldout"], found["eval/pass@2/heldout"]) == (None, None)
    assert (found["eval/unscored/heldout"], found["results"]) == (2.0, [])


def test_an_evaluation_is_told_problem_by_problem() -> None:
    one = ProblemResult("p", "math", samples=4, correct=2, in_form=4)
    found = strictly_read(told(Evaluation((one,), unscored=0), "train", 2, as_json=True))
    assert found["eval/pass@2/train"] == 1 - 1 / 6
    assert found["eval/stderr/train"] is None  # of one problem there is none
    assert found["results"] == [
        {"problem_id": "p", "domain": "math", "samples": 4, "correct": 2, "in_form": 4}
    ]
