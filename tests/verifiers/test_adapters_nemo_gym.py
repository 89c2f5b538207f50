"""NeMo-Gym's resources server protocol, with bodies as its rollouts record them."""

import json
from typing import Any

import httpx
import pytest

TASK: dict[str, Any] = {
    "responses_create_params": {
        "input": [{"content": "Which gas is noble? (A) O2 (B) Ar", "role": "user", "type": "message"}],
        "max_output_tokens": None,
        "parallel_tool_calls": True,
        "tools": [],
    },
    "verifier": "choice",
    "expected_answer": "B",
    "difficulty": None,
    "_ng_task_index": 3,
}


def with_response(*output: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A `/verify` body: the task and OpenAI's Responses object around what the model put out."""
    response = {
        "id": "resp_1", "created_at": 1761955953.0, "error": None, "model": "m", "object": "response",
        "output": list(output), "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "usage": {"input_tokens": 84, "output_tokens": 9, "total_tokens": 93},
    }  # fmt: skip
    return {**TASK, "response": response, **changed}


def said(text: str) -> dict[str, Any]:
    part = {"annotations": [], "text": text, "type": "output_text", "logprobs": []}
    return {"id": "msg_1", "content": [part], "role": "assistant", "status": "completed", "type": "message"}


REASONING = {"id": "rs_1", "summary": [], "type": "reasoning", "encrypted_content": None}
TOOL_CALL = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c", "id": "f1"}


def verify(url: str, sent: dict[str, Any]) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return httpx.post(f"{url}/verify", content=json.dumps(sent), headers=headers, timeout=30)


@pytest.mark.parametrize(
    ("output", "reward"),
    [
        ([REASONING, said("\\boxed{B}")], 1.0),
        ([said("\\boxed{B}"), TOOL_CALL, said("\\boxed{A}")], 0.0),
        ([REASONING], 0.0),
    ],
    ids=["right", "the-last-message-counts", "nothing-said"],
)
def test_the_reply_is_the_body_with_its_reward(
    service_url: str, output: list[dict[str, Any]], reward: float
) -> None:
    sent = with_response(*output)
    reply = verify(service_url, sent).json()
    assert reply["reward"] == reward
    assert {key: reply[key] for key in sent} == sent
    assert reply["verdict"]["verifier"] == "choice"


def test_a_lone_surrogate_in_the_body_stops_no_reply(service_url: str) -> None:
    reply = verify(service_url, with_response(said("\\boxed{B} \ud800"), note="\ud800")).json()
    assert (reply["reward"], reply["note"]) == (1.0, "?")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"verifier": "stem", "expected_answer": "kinetic energy"}, 503),
        ({"verifier": "echo"}, 503),
        ({"expected_answer": "no letter"}, 422),
        ({"verifier": None}, 422),
        ({"verifier": "nobody"}, 404),
        ({"response": {}}, 422),
        ({"response": {"output": [{"type": "message", "role": "assistant", "content": 5}]}}, 422),
        ({"responses_create_params": {"input": [{"role": "user", "content": {"text": "q"}}]}}, 422),
    ],
    ids=[
        "undecided",
        "grader-crashed",
        "bad-reference",
        "nobody-named",
        "unknown",
        "no-output",
        "odd-content",
        "odd-prompt",
    ],
)
def test_without_a_score_there_is_no_reward(service_url: str, changed: dict[str, Any], status: int) -> None:
    answer = "crash" if changed.get("verifier") == "echo" else "\\boxed{motion}"
    response = verify(service_url, with_response(said(answer), **changed))
    assert response.status_code == status
    assert "reward" not in response.json()


def test_rewards_may_be_computed_again_and_sessions_hold_nothing(service_url: str) -> None:
    assert httpx.get(f"{service_url}/reverify_mode").json() == "stateless"
    assert httpx.post(f"{service_url}/seed_session", json=TASK).json() == {}
