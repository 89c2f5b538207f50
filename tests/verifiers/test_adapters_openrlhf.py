"""OpenRLHF's remote reward protocol, with bodies as its executor posts them, and with its own code where
it is installed."""

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers.adapters.openrlhf import response_in
from verifiers.errors import InvalidRequestError

PROMPT = "<|im_start|>user\nWhich gas is noble? (A) O2 (B) Ar<|im_end|>\n<|im_start|>assistant\n"


def body(response: str, label: object = "B", prompt: str = PROMPT) -> dict[str, Any]:
    return {"query": [prompt + response + "<|im_end|>"], "prompts": [prompt], "labels": [label]}


def ask(url: str, sent: dict[str, Any], verifier: str = "choice") -> httpx.Response:
    return httpx.post(f"{url}/get_reward", params={"verifier": verifier}, json=sent, timeout=30)


def test_the_reply_has_what_openrlhf_reads(service_url: str) -> None:
    sent = {key: body("\\boxed{B}")[key] + body("no idea")[key] for key in ("query", "prompts", "labels")}
    assert ask(service_url, sent).json() == {
        "rewards": [1.0, 0.0],
        "scores": [1.0, 0.0],
        "extra_logs": {"no_answer": [0.0, 1.0]},
    }


@pytest.mark.parametrize(
    "label",
    [
        {"ground_truth": "B", "data_source": "stem__gpqa"},
        '{"ground_truth": "B", "verifier": "choice", "extra": {"id": 1}}',
    ],
    ids=["object", "json-text"],
)
def test_a_label_may_say_who_grades(service_url: str, label: object) -> None:
    response = ask(service_url, body("\\boxed{B}", label), verifier="echo")
    assert response.json()["rewards"] == [1.0]


def test_without_a_score_the_answer_is_503_so_that_the_trainer_tries_again(service_url: str) -> None:
    sent = {
        key: body("\\boxed{motion}", "kinetic energy")[key] + body("\\boxed{x}", "x")[key]
        for key in ("query", "prompts", "labels")
    }
    response = ask(service_url, sent, verifier="stem")
    assert response.status_code == 503
    assert response.json()["type"] == "urn:verifiers:undecided"
    assert "rewards" not in response.json()
    assert int(response.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (body("\\boxed{B}", "no letter"), 422),
        ({**body("\\boxed{B}"), "labels": []}, 422),
        ({**body("\\boxed{B}"), "prompts": ["<|im_start|>user\nquite another prompt"]}, 422),
        (body("\\boxed{B}", {"ground_truth": "B", "verifier": "nobody"}), 404),
        (body("\\boxed{B}", {"ground_truth": "B", "unknown": 1}), 422),
    ],
    ids=["bad-reference", "uneven", "another-prompt", "unknown-verifier", "unknown-key"],
)
def test_what_cannot_be_graded_is_an_error(service_url: str, sent: dict[str, Any], status: int) -> None:
    assert ask(service_url, sent).status_code == status


@pytest.mark.parametrize(
    ("query", "prompt", "response"),
    [
        pytest.param("<s> Q: 1+1?\nA: 2</s>", "Q: 1+1?\nA:", None, id="a-token-was-added-in-front"),
        pytest.param("Q:  1+1?\n\nA: 2</s><pad><pad>", "Q: 1+1?\nA:", " 2", id="white-space-changed"),
        pytest.param("and now what is 1+1?\nA: 2", "x and now what is 1+1?\nA:", " 2", id="cut-prompt"),
        pytest.param("Q:  1+1?\n\nA: 2  3 ", "Q:1+1?\nA: 2", "  3", id="white-space-changed-inside"),
        pytest.param("Q?A: A: 2", "Q?A:", " A: 2", id="the-response-repeats-the-end-of-the-prompt"),
        pytest.param("2<|eot_id|>", "", "2", id="no-prompt"),
        pytest.param("so 2<|eot_id|>", "\n", "so 2", id="nothing-but-white-space-before"),
        pytest.param(" ", "\n", "", id="nothing-but-white-space"),
        pytest.param("Q?<|im_end|> no end<|im_end|>", "Q?", "<|im_end|> no end", id="token-in-the-middle"),
    ],
)  # fmt: skip
def test_the_response_is_what_follows_the_prompt(query: str, prompt: str, response: str | None) -> None:
    if response is None:
        with pytest.raises(InvalidRequestError):
            response_in(query, prompt)
    else:
        assert response_in(query, prompt) == response


@given(st.text(alphabet="ab <|>/s\n", max_size=60), st.text(alphabet="ab <|>/s\n", max_size=60))
def test_a_response_is_found_behind_any_prompt(prompt: str, response: str) -> None:
    found = response_in(prompt + response, prompt)
    assert response.startswith(found)


def openrlhf_agent() -> ModuleType:
    """OpenRLHF's executor, loaded by file: its package also wants deepspeed and a GPU build of vLLM."""
    spec = importlib.util.find_spec("openrlhf")
    if spec is None or spec.origin is None:
        pytest.skip("openrlhf is not installed (pip install --no-deps openrlhf)")
    directory = Path(spec.origin).parent / "utils"
    for name in ("logging_utils", "agent"):
        full_name = f"openrlhf.utils.{name}"
        module_spec = importlib.util.spec_from_file_location(full_name, directory / f"{name}.py")
        assert module_spec is not None
        assert module_spec.loader is not None
        sys.modules[full_name] = importlib.util.module_from_spec(module_spec)
        module_spec.loader.exec_module(sys.modules[full_name])
    return sys.modules["openrlhf.utils.agent"]


def test_openrlhfs_own_executor_gets_its_rewards(service_url: str) -> None:
    executor = openrlhf_agent().SingleTurnAgentExecutor(f"{service_url}/get_reward?verifier=choice")
    sent = body("so \\boxed{B}")
    fetching = executor._fetch_rewards_via_http(sent["query"], sent["prompts"], sent["labels"])
    assert asyncio.run(fetching)[0]["rewards"] == [1.0]
