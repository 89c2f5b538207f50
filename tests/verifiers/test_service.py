"""The REST service, reached without a socket: routes and errors."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.verifiers.service_talk import ECHO, Conversation, assert_problem, talk_to
from tests.verifiers.service_tools import ECHO_TABLE, running_app, until_ready
from verifiers.service.app import create_app
from verifiers.service.config import ServiceConfig
from verifiers.types import Verdict

Talk = Callable[[Conversation], httpx.Response]


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    """One service for all tests that need nothing special of it; its event loop runs while a test talks to
    it."""
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        _, client = runner.run(stack.enter_async_context(running_app()))
        runner.run(until_ready(client))
        yield lambda conversation: runner.run(conversation(client))
        runner.run(stack.aclose())


def test_verify_answers_with_a_verdict(talk: Talk) -> None:
    response = talk(lambda client: client.post("/v1/verify", json=ECHO))
    assert Verdict.model_validate(response.json()).score == 1.0


def test_a_bad_item_of_a_batch_fails_alone_and_in_its_place(talk: Talk) -> None:
    deep = json.loads("[" * 400 + "]" * 400)
    items = [
        ECHO,
        {"nonsense": 1},
        ECHO | {"ground_truth": deep},
        ECHO | {"response": "b"},
        {**ECHO, "verifier": "choice", "ground_truth": "?"},
    ]
    response = talk(lambda client: client.post("/v1/verify/batch", json={"items": items}))
    entries = response.json()["verdicts"]
    assert [entry.get("score") for entry in entries] == [1.0, None, None, 0.0, None]
    kinds = [entry["error"]["type"].rpartition(":")[2] for entry in entries if "error" in entry]
    assert kinds == ["invalid_request", "invalid_request", "ground_truth_error"]


def test_a_lone_surrogate_that_a_verifier_quotes_or_complains_of_stops_no_answer(talk: Talk) -> None:
    odd = {"verifier": "echo", "ground_truth": "\ud800"}
    items = [ECHO, odd | {"response": "quote"}, odd | {"response": "complain"}]
    sent = {"content": json.dumps({"items": items}), "headers": {"Content-Type": "application/json"}}
    response = talk(lambda client: client.post("/v1/verify/batch", **sent))
    right, quoted, complained = response.json()["verdicts"]
    assert (right["score"], quoted["score"]) == (1.0, 1.0)
    assert (quoted["answer"], quoted["evidence"]) == ("?", {"truth": {"all": ["?"]}})
    assert complained["error"]["detail"] == "bad: ?"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        pytest.param(
            {"verifier": "nobody", "response": "a", "ground_truth": "a"},
            404,
            "unknown_verifier",
            id="unknown",
        ),
        pytest.param(
            {"data_source": "x__y", "response": "a", "ground_truth": "a"},
            404,
            "unknown_verifier",
            id="source",
        ),
        pytest.param({"response": "a", "ground_truth": "a"}, 422, "invalid_request", id="no-verifier-named"),
        pytest.param(
            {"verifier": "choice", "response": "A", "ground_truth": "AB"},
            422,
            "ground_truth_error",
            id="truth",
        ),
        pytest.param(
            {"verifier": "os:system", "response": "a", "ground_truth": "a"},
            404,
            "unknown_verifier",
            id="path",
        ),
    ],
)
def test_a_request_that_cannot_be_graded_is_a_problem(
    talk: Talk, body: dict[str, str], status: int, kind: str
) -> None:
    assert_problem(talk(lambda client: client.post("/v1/verify", json=body)), status, kind)


def test_an_item_that_takes_too_long_holds_up_no_other_verdict_of_its_batch(talk: Talk) -> None:
    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        items = [ECHO, ECHO | {"response": "sleep 0.9"}, ECHO]
        response = await client.post("/v1/verify/batch", json={"items": items, "deadline_ms": 400})
        await client.post("/v1/verify", json=ECHO)  # after the work that nobody waits for
        return response

    graded, *late = talk(ask).json()["verdicts"]
    assert graded["score"] == 1.0
    assert [entry["error"]["type"] for entry in late] == ["urn:verifiers:unavailable"] * 2


def test_who_does_not_say_for_how_long_an_answer_is_of_use_gets_it_when_it_is_there() -> None:
    config = ServiceConfig(workers=1, default_deadline_s=0.1)
    response = talk_to(
        config, lambda client: client.post("/v1/verify", json={**ECHO, "response": "sleep 0.4"})
    )
    assert response.json()["score"] == 0.0


def test_a_client_says_for_how_long_its_answer_is_of_use(talk: Talk) -> None:
    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        busy = asyncio.create_task(client.post("/v1/verify", json=ECHO | {"response": "sleep 0.4"}))
        await asyncio.sleep(0.1)
        response = await client.post("/v1/verify", json=ECHO, headers={"X-Request-Timeout": "0.1"})
        await busy
        return response

    assert_problem(talk(ask), 503, "unavailable")


def test_what_waits_for_a_client_that_has_left_is_not_started(tmp_path: Path) -> None:
    marker = tmp_path / "started"
    body = {**ECHO, "response": "touch", "extra": {"marker": str(marker)}}

    async def run() -> None:
        async with running_app(ServiceConfig(workers=1)) as (app, client):
            busy = asyncio.create_task(client.post("/v1/verify", json=ECHO | {"response": "sleep 0.4"}))
            await asyncio.sleep(0.1)
            await leave_after(0.1, app, "/v1/verify", body)
            assert (await busy).status_code == 200
            assert (await client.post("/v1/verify", json=ECHO)).status_code == 200

    asyncio.run(run())
    assert not marker.exists()


async def expect_nothing(message: Any) -> None:
    raise AssertionError(f"nobody is there to be sent {message}")


async def leave_after(
    seconds: float,
    app: FastAPI,
    path: str,
    body: dict[str, Any],
    send: Callable[[Any], Coroutine[Any, Any, None]] = expect_nothing,
) -> None:
    """Send a request and hang up, as a server tells an app."""
    messages = [{"type": "http.request", "body": json.dumps(body).encode()}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        if len(messages) == 1:
            await asyncio.sleep(seconds)
        return messages.pop(0)

    headers = [(b"content-type", b"application/json"), (b"host", b"test")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    await app(scope, receive, send)


def test_a_response_that_is_hard_to_find_behind_its_prompt_holds_up_no_other_request(talk: Talk) -> None:
    hard = "ab" * 500_000
    body = {"query": [hard], "prompts": [hard + "c"], "labels": ["a"]}

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        search = asyncio.create_task(client.post("/get_reward?verifier=echo", json=body))
        await asyncio.sleep(0.1)
        assert (await client.get("/livez")).status_code == 200
        assert not search.done()
        return await search

    assert_problem(talk(ask), 422, "invalid_request")


def test_a_request_that_the_server_cancels_is_answered_that_another_may_grade_it() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        async with running_app(ServiceConfig(workers=1)) as (app, _):
            body = ECHO | {"response": "sleep 0.5"}
            asking = asyncio.create_task(leave_after(30, app, "/v1/verify", body, send))
            await asyncio.sleep(0.1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(run())
    start, said = sent
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"]
    assert json.loads(said["body"])["type"] == "urn:verifiers:unavailable"


def test_a_bug_is_a_problem_too() -> None:
    async def run() -> httpx.Response:
        app = create_app(ECHO_TABLE, ServiceConfig(workers=1))

        @app.get("/bug")
        async def bug() -> None:
            raise RuntimeError("secret detail")

        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/bug")

    response = asyncio.run(run())
    assert_problem(response, 500, "bug")
    assert "secret detail" not in response.text


def test_a_trace_is_echoed(talk: Talk) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert (
        talk(lambda client: client.get("/livez", headers={"traceparent": trace})).headers["traceparent"]
        == trace
    )


def test_a_request_id_is_echoed_and_an_odd_one_replaced(talk: Talk) -> None:
    given = talk(lambda client: client.get("/livez", headers={"X-Request-ID": "abc-1"}))
    odd = talk(lambda client: client.get("/livez", headers={"X-Request-ID": "a b\tc"}))
    assert given.headers["x-request-id"] == "abc-1"
    assert odd.headers["x-request-id"] != "a b\tc"


def test_ready_means_that_every_verifier_graded_its_examples(talk: Talk) -> None:
    assert talk(until_ready).json() == {"status": "ready"}


def test_metrics_count_verdicts_by_verifier_and_status(talk: Talk) -> None:
    async def grade_and_look(client: httpx.AsyncClient) -> httpx.Response:
        await client.post("/v1/verify", json=ECHO)
        return await client.get("/metrics")

    series = 'verifiers_verdicts_total{reason="equal",status="graded",verifier="echo"}'
    before, after = (
        float(
            next(line for line in talk(grade_and_look).text.splitlines() if line.startswith(series)).split()[
                -1
            ]
        )
        for _ in range(2)
    )
    assert after == before + 1


def test_the_list_names_each_verifier_with_its_digest(talk: Talk) -> None:
    listed = talk(lambda client: client.get("/v1/verifiers")).json()
    assert [entry["name"] for entry in listed] == ["choice", "echo"]
    assert all(len(entry["digest"]) == 12 for entry in listed)


def test_the_openapi_document_describes_the_routes(talk: Talk) -> None:
    document = talk(lambda client: client.get("/openapi.json")).json()
    assert {"/v1/verify", "/v1/verify/batch", "/v1/verifiers", "/readyz"} <= document["paths"].keys()


def test_an_unknown_route_is_a_problem_too(talk: Talk) -> None:
    assert_problem(talk(lambda client: client.get("/nowhere")), 404, "http")


def test_a_wrong_method_is_told_the_right_one(talk: Talk) -> None:
    response = talk(lambda client: client.get("/v1/verify"))
    assert_problem(response, 405, "http")
    assert response.headers["allow"] == "POST"
