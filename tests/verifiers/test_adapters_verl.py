"""verl's custom reward function: called as verl calls it, with rows as its parquet reader gives them."""

import functools
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from verifiers.adapters.verl import compute_score
from verifiers.errors import GroundTruthError, UndecidedError, VerifierUnavailableError

EXTRA_INFO = {
    "index": np.int64(7),
    "reference": None,
    "options": np.array(["x", "y"], dtype=object),
    "num_turns": None,
    "rollout_reward_scores": {},
}
UNDECIDED = {"data_source": "stem_web", "solution_str": r"\boxed{motion}", "ground_truth": "kinetic energy"}


def configured(url: str, **reward_kwargs: Any) -> functools.partial[Any]:
    """The function as verl wraps it: `reward_kwargs` of the config win over those of the call."""

    def call_with_kwargs(raw: Any, extra: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        return raw(*args, **{**kwargs, **extra})

    return functools.partial(call_with_kwargs, compute_score, {"url": url, **reward_kwargs})


@pytest.mark.parametrize(("response", "score"), [("so \\boxed{C}", 1.0), ("\\boxed{B}", 0.0), ("none", 0.0)])
def test_a_gurus_row_is_graded_by_its_data_source(service_url: str, response: str, score: float) -> None:
    result = configured(service_url)(
        data_source="stem__gpqa_diamond", solution_str=response, ground_truth="C", extra_info=EXTRA_INFO,
        reward_router_address="host:1", reward_model_tokenizer=None,
    )  # fmt: skip
    assert result["score"] == score
    assert result["no_answer"] == float(response == "none")


def test_an_undecided_sample_is_an_error_unless_the_config_says_otherwise(service_url: str) -> None:
    with pytest.raises(UndecidedError, match="judge_not_configured"):
        configured(service_url)(**UNDECIDED)


def test_every_policy_gives_the_same_keys_and_marks_what_was_undecided(service_url: str) -> None:
    graded = configured(service_url)(**{**UNDECIDED, "solution_str": r"\boxed{kinetic energy}"})
    dropped = configured(service_url, on_undecided="drop")(**UNDECIDED)
    constant = configured(service_url, on_undecided="constant", constant=0.25)(**UNDECIDED)
    assert graded.keys() == dropped.keys() == constant.keys()
    assert [result["undecided"] for result in (graded, dropped, constant)] == [0.0, 1.0, 1.0]
    assert (graded["score"], constant["score"]) == (1.0, 0.25)
    assert math.isnan(dropped["score"])


@pytest.mark.parametrize(
    "policy",
    [{"on_undecided": "zero"}, {"on_undecided": "constant"}, {"constant": 0.0}],
    ids=["unknown", "constant-without-its-value", "value-without-the-policy"],
)
def test_a_policy_that_was_not_spelled_out_is_refused(service_url: str, policy: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="on_undecided"):
        configured(service_url, **policy)(**UNDECIDED)


def test_failures_are_errors_whatever_the_policy(service_url: str) -> None:
    bad_reference = {"data_source": "stem__gpqa", "solution_str": "A", "ground_truth": "?"}
    with pytest.raises(GroundTruthError):
        configured(service_url, on_undecided="constant", constant=0.0)(**bad_reference)
    with pytest.raises(VerifierUnavailableError):
        configured("http://127.0.0.1:9", deadline_s=0.2, on_undecided="drop")(**UNDECIDED)


def test_threads_share_one_client(service_url: str) -> None:
    score = configured(service_url, verifier="echo")
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda n: score("any", str(n), str(n % 2)), range(40)))
    assert [result["score"] for result in results] == [1.0, 1.0] + [0.0] * 38
