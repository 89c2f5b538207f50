"""The REST service, reached without a socket: routes, ceilings, limits, errors."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from sandboxes import ExecutionRequest, ExecutionResult, Limits, Outcome, SandboxPool
from sandboxes.errors import RequestError, ToolchainMissingError
from sandboxes.scripted_backend import ScriptedBackend, answer
from sandboxes.service.config import CEILING, ServiceConfig, parse_ceiling
from sandboxes.service.execution import BATCH_AHEAD
from tests.sandboxes.service_tools import assert_problem, client_of, started_client_of, talk_to, until

ECHO = {"language": "python", "source": "print(input())", "stdin": "é\n"}
SECRET = "path/of/ours.py line 7"


class FaultyBackend(ScriptedBackend):
    """Has a bug."""

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        raise KeyError(SECRET)


class NodelessBackend(ScriptedBackend):
    """Runs everything but JavaScript; the first program of all fails."""

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        if request.language == "javascript":
            raise ToolchainMissingError("node is not installed")
        await super().run(request)
        return answer(Outcome.OK, stdout="42\n")


def test_execute_answers_with_a_result(warm_pool: SandboxPool) -> None:
    response = talk_to(warm_pool, lambda client: client.post("/v1/execute", json=ECHO))
    result = ExecutionResult.model_validate(response.json())
    assert (result.outcome, result.stdout) == (Outcome.OK, "é\n")


def test_a_bad_item_of_a_batch_fails_alone_and_in_its_place(warm_pool: SandboxPool) -> None:
    items = [ECHO, {"nonsense": 1}, ECHO | {"language": "cobol"}, 7, ECHO | {"source": "1 / 0"}]
    response = talk_to(warm_pool, lambda client: client.post("/v1/execute/batch", json={"items": items}))
    entries = response.json()["results"]
    assert [entry.get("outcome") for entry in entries] == ["ok", None, None, None, "runtime_error"]
    kinds = [entry["error"]["type"] for entry in entries if "error" in entry]
    assert kinds == [
        "urn:sandboxes:invalid_request",
        "urn:sandboxes:unknown_language",
        "urn:sandboxes:invalid_request",
    ]


@pytest.mark.parametrize("name", Limits.model_fields)
def test_nobody_may_ask_for_more_than_the_ceiling(name: str) -> None:
    too_much = {name: getattr(CEILING, name) + 1}
    with SandboxPool(ScriptedBackend([])) as pool:
        response = talk_to(pool, lambda client: client.post("/v1/execute", json=ECHO | {"limits": too_much}))
    assert_problem(response, 422, "invalid_request")
    assert name in response.json()["detail"]


def test_limits_that_a_request_leaves_open_stay_below_the_ceiling() -> None:
    backend = ScriptedBackend([])
    config = ServiceConfig(ceiling=Limits(cpu_s=2, wall_s=4, memory_mb=100))
    with SandboxPool(backend) as pool:
        asked = ECHO | {"limits": {"cpu_s": 1}}
        assert talk_to(pool, lambda c: c.post("/v1/execute", json=asked), config).status_code == 200
    limits = backend.requests[0].limits
    assert (limits.cpu_s, limits.wall_s, limits.memory_mb) == (1, 4, 100)


def test_the_ceiling_is_set_by_name_and_a_wrong_name_is_told() -> None:
    assert parse_ceiling(["memory_mb=4096", "cpu_s=9"]) == CEILING.model_copy(
        update={"memory_mb": 4096, "cpu_s": 9.0}
    )
    for wrong in ("memory=1", "cpu_s", "pids=many"):
        with pytest.raises(RequestError, match="ceiling"):
            parse_ceiling([wrong])


def test_bodies_and_batches_over_their_limits_are_refused() -> None:
    config = ServiceConfig(max_body_bytes=2_000, max_batch_items=3)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 500

    async def run(pool: SandboxPool) -> list[httpx.Response]:
        async with client_of(pool, config) as client:
            return [
                await client.post("/v1/execute", json=ECHO | {"stdin": "x" * 3_000}),
                await client.post("/run_code", json={"language": "python", "code": "x" * 3_000}),
                await client.post("/v1/execute", content=chunks()),
                await client.post("/v1/execute/batch", json={"items": [{}] * 4}),
            ]

    with SandboxPool(ScriptedBackend([])) as pool:
        for response in asyncio.run(run(pool)):
            assert_problem(response, 413, "too_large")


def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    config = ServiceConfig(body_timeout_s=0.05)
    with SandboxPool(ScriptedBackend([])) as pool:
        response = talk_to(pool, lambda client: client.post("/v1/execute", content=slowly()), config)
    assert_problem(response, 408, "body_timeout")


def test_a_full_queue_answers_503_and_says_when_to_come_back() -> None:
    async def run(pool: SandboxPool) -> list[httpx.Response]:
        async with client_of(pool) as client:
            waiting = [asyncio.ensure_future(client.post("/v1/execute", json=ECHO)) for _ in range(2)]
            await asyncio.to_thread(until, lambda: pool.pending == 2)
            refused = [
                await client.post("/v1/execute", json=ECHO),
                await client.post("/v1/execute/batch", json={"items": [ECHO]}),
            ]
            for call in waiting:
                call.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            return refused

    with SandboxPool(ScriptedBackend([], wait_s=30), max_pending=2) as pool:
        for response in asyncio.run(run(pool)):
            assert_problem(response, 503, "unavailable")
            assert int(response.headers["retry-after"]) >= 1


def test_items_that_were_not_started_before_the_deadline_say_so() -> None:
    body = {"items": [ECHO, ECHO], "deadline_ms": 50}
    with SandboxPool(ScriptedBackend([], wait_s=0.4)) as pool:
        response = talk_to(pool, lambda client: client.post("/v1/execute/batch", json=body))
    first, second = response.json()["results"]
    assert first["outcome"] == "ok"
    assert second["error"]["type"] == "urn:sandboxes:unavailable"


def test_a_single_request_does_not_wait_for_a_whole_batch() -> None:
    async def run(pool: SandboxPool) -> int:
        async with client_of(pool) as client:
            batch = asyncio.ensure_future(client.post("/v1/execute/batch", json={"items": [ECHO] * 500}))
            await asyncio.to_thread(until, lambda: pool.pending >= 50)
            await client.post("/v1/execute", json=ECHO)
            run_until_then = len(backend.requests)
            batch.cancel()
            await asyncio.gather(batch, return_exceptions=True)
            return run_until_then

    backend = ScriptedBackend([], wait_s=0.02)
    with SandboxPool(backend) as pool:
        assert asyncio.run(run(pool)) < 40


def test_a_batch_keeps_its_order_and_only_so_much_of_it_is_under_way() -> None:
    async def run(pool: SandboxPool) -> httpx.Response:
        async with client_of(pool) as client:
            call = asyncio.ensure_future(client.post("/v1/execute/batch", json={"items": items}))
            while not call.done():
                seen.append(pool.pending)
                await asyncio.sleep(0.002)
            return await call

    seen: list[int] = []
    items = [{"argv": ["echo", str(number)]} for number in range(300)]
    printed = [answer(Outcome.OK, stdout=str(number)) for number in range(300)]
    with SandboxPool(ScriptedBackend(printed, wait_s=0.001)) as pool:
        results = asyncio.run(run(pool)).json()["results"]
    assert [result["stdout"] for result in results] == [str(number) for number in range(300)]
    assert 1 < max(seen) <= BATCH_AHEAD


def test_bodies_in_flight_are_bounded_together() -> None:
    async def run(pool: SandboxPool) -> list[httpx.Response]:
        async with client_of(pool, ServiceConfig(max_held_bytes=1_500)) as client:
            large = ECHO | {"stdin": "x" * 1_000}
            first = asyncio.ensure_future(client.post("/v1/execute", json=large))
            await asyncio.to_thread(until, lambda: pool.pending == 1)
            refused = [await client.post(path, json=large) for path in ("/v1/execute", "/run_code")]
            await first
            return [*refused, await client.post("/v1/execute", json=large)]

    with SandboxPool(ScriptedBackend([], wait_s=0.3)) as pool:
        ours, theirs, later = asyncio.run(run(pool))
    assert_problem(ours, 503, "unavailable")
    assert_problem(theirs, 504, "unavailable")
    assert later.status_code == 200


def test_a_body_counts_by_what_has_arrived_of_it_and_not_by_what_it_may_become() -> None:
    announced = {"Content-Length": "900"}

    async def run(pool: SandboxPool) -> list[int]:
        begun, done = asyncio.Event(), asyncio.Event()

        async def one_byte() -> AsyncIterator[bytes]:
            yield b" "
            begun.set()
            await done.wait()

        async def whole() -> AsyncIterator[bytes]:
            yield json.dumps(ECHO).encode()

        async with client_of(pool, ServiceConfig(max_body_bytes=1_000, max_held_bytes=1_000)) as client:
            client.headers["content-type"] = "application/json"
            slow = asyncio.ensure_future(client.post("/v1/execute", content=one_byte(), headers=announced))
            await begun.wait()
            chunked = [client.post("/v1/execute", content=whole()) for _ in range(2)]
            answers = await asyncio.gather(*chunked)
            done.set()
            await slow
            return [response.status_code for response in answers]

    with SandboxPool(ScriptedBackend([], wait_s=0.2)) as pool:
        assert asyncio.run(run(pool)) == [200, 200]


def test_the_token_guards_running_but_not_the_health_routes() -> None:
    config = ServiceConfig(token="secret")
    in_url = base64.b64encode(b"verl:secret").decode()

    async def run(pool: SandboxPool) -> list[int]:
        async with client_of(pool, config) as client:
            unreadable = ["Basic ?", "Basic é".encode("latin-1"), "Digest secret"]
            given = [None, "Bearer wrong", "Bearer secret", f"Basic {in_url}", *unreadable]
            answers = [
                await client.post("/v1/execute", json=ECHO, headers={"Authorization": each} if each else {})
                for each in given
            ]
            assert_problem(answers[0], 401, "unauthorized")
            for path in ("/livez", "/v1/ping", "/metrics", "/openapi.json"):
                answers.append(await client.get(path))
            return [response.status_code for response in answers]

    with SandboxPool(ScriptedBackend([])) as pool:
        assert asyncio.run(run(pool)) == [401, 401, 200, 200, 401, 401, 401, 200, 200, 401, 401]


def test_why_a_sandbox_failed_stays_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    failed = [answer(Outcome.SANDBOX_ERROR, stderr=SECRET)] * 2
    with SandboxPool(ScriptedBackend(failed)) as pool:
        response = talk_to(pool, lambda client: client.post("/v1/execute", json=ECHO))
    assert (response.status_code, response.json()["outcome"]) == (200, "sandbox_error")
    assert SECRET not in response.text
    assert SECRET in caplog.text


def test_a_fault_of_ours_is_a_problem_without_a_traceback() -> None:
    with SandboxPool(FaultyBackend([])) as pool:
        response = talk_to(pool, lambda client: client.post("/v1/execute", json=ECHO))
    assert_problem(response, 500, "internal")
    assert SECRET not in response.text


def test_text_that_is_no_unicode_comes_back_as_an_answer_and_not_as_a_fault() -> None:
    bodies = [
        b'{"language": "python", "source": "1", "\\ud800": 1}',
        b'{"language": "\\ud800", "source": "1"}',
        b'{"language": "python", "source": "1", "files": {"\\ud800": ""}}',
        b'{"argv": ["\\ud800"]}',
    ]

    async def run(pool: SandboxPool) -> list[int]:
        async with client_of(pool) as client:
            client.headers["content-type"] = "application/json"
            return [(await client.post("/v1/execute", content=body)).status_code for body in bodies]

    with SandboxPool(ScriptedBackend([])) as pool:
        assert asyncio.run(run(pool)) == [422, 200, 422, 422]


def test_a_request_id_is_echoed_and_an_odd_one_replaced() -> None:
    async def run(pool: SandboxPool) -> list[str]:
        async with client_of(pool) as client:
            given = [await client.get("/livez", headers={"X-Request-ID": each}) for each in ("abc-1", "a b")]
            unknown = await client.get("/nowhere", headers={"X-Request-ID": "abc-2"})
            assert_problem(unknown, 404, "http")
            return [*(each.headers["x-request-id"] for each in given), unknown.json()["request_id"]]

    with SandboxPool(ScriptedBackend([])) as pool:
        first, odd, unknown = asyncio.run(run(pool))
    assert (first, odd == "a b", unknown) == ("abc-1", False, "abc-2")


def test_ready_means_that_every_language_that_is_installed_ran_a_program() -> None:
    async def run(pool: SandboxPool) -> list[httpx.Response]:
        async with started_client_of(pool) as client:
            answers = [await client.get("/readyz")]
            async with asyncio.timeout(20):
                while answers[-1].status_code != 200:
                    await asyncio.sleep(0.01)
                    answers.append(await client.get("/readyz"))
            return answers

    with SandboxPool(NodelessBackend([])) as pool:
        first, *_, last = asyncio.run(run(pool))
    assert_problem(first, 503, "not_ready")
    assert "python: not tried yet" in first.json()["detail"]
    assert last.json() == {"status": "ready", "missing": {"javascript": "node is not installed"}}


def test_metrics_count_results_by_language_and_outcome_and_problems_by_status() -> None:
    async def run(pool: SandboxPool) -> str:
        async with client_of(pool) as client:
            await client.post("/v1/execute", json=ECHO)
            await client.post("/v1/execute/batch", json={"items": [{"argv": ["true"]}, 7]})
            await client.post("/v1/execute", json={})
            return (await client.get("/metrics")).text

    with SandboxPool(ScriptedBackend([])) as pool:
        lines = asyncio.run(run(pool)).splitlines()
    assert {
        'sandboxes_results_total{language="python",outcome="ok"} 1.0',
        'sandboxes_results_total{language="argv",outcome="ok"} 1.0',
        'sandboxes_problems_total{status="422"} 2.0',
        "sandboxes_pending 0.0",
    } <= set(lines)


def test_the_openapi_document_describes_the_routes() -> None:
    with SandboxPool(ScriptedBackend([])) as pool:
        document = talk_to(pool, lambda client: client.get("/openapi.json")).json()
    paths = {"/v1/execute", "/v1/execute/batch", "/run_code", "/submit", "/v1/ping", "/readyz", "/metrics"}
    assert paths <= document["paths"].keys()
    assert "Problem" in document["components"]["schemas"]
