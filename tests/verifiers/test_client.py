"""The clients against services that fail in every way: an error is an exception, never a number."""

import asyncio
import contextlib
import email.utils
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.verifiers.service_tools import echo, running_app
from verifiers.client import SyncVerifierClient, VerifierClient
from verifiers.errors import (
    GroundTruthError,
    InvalidRequestError,
    RequestTooLargeError,
    UnauthorizedError,
    VerifierError,
    VerifierSetupError,
    VerifierUnavailableError,
)
from verifiers.retrying import Attempts
from verifiers.service.config import ServiceConfig
from verifiers.types import Verdict, VerifyRequest

VERDICT = Verdict.compared(True, "a").model_dump(mode="json")


class ScriptedService(httpx.AsyncBaseTransport):
    """Answers each request with the next step of a script; the last step repeats."""

    def __init__(self, *steps: Callable[[httpx.Request], httpx.Response]) -> None:
        self._steps = list(steps)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        return step(request)


def status(code: int, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(
        code, headers=headers, json={"type": "urn:verifiers:unavailable", "detail": "full"}
    )


def crashed(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text="Internal Server Error")


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def graded(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/v1/verify":
        return httpx.Response(200, json=VERDICT)
    return httpx.Response(200, json={"verdicts": [VERDICT] * len(json.loads(request.content)["items"])})


def verify(service: ScriptedService, *, deadline_s: float = 10.0) -> Verdict:
    async def run() -> Verdict:
        async with VerifierClient("http://service", deadline_s=deadline_s, transport=service) as client:
            return await client.verify(echo("a"))

    return asyncio.run(run())


@pytest.mark.parametrize(
    "fault",
    [refused, status(429), status(502), status(503), status(504), crashed],
    ids=["refused", "429", "502", "503", "504", "crashed"],
)
def test_transient_faults_are_tried_again(fault: Callable[[httpx.Request], httpx.Response]) -> None:
    service = ScriptedService(fault, fault, graded)
    assert verify(service).score == 1.0
    assert len(service.requests) == 3


@pytest.mark.parametrize("fault", [refused, status(503)], ids=["refused", "503"])
def test_a_service_that_stays_away_is_an_error_after_the_deadline(
    fault: Callable[[httpx.Request], httpx.Response],
) -> None:
    with pytest.raises(VerifierUnavailableError):
        verify(ScriptedService(fault), deadline_s=0.3)


def test_retry_after_beyond_the_deadline_gives_up_at_once() -> None:
    service = ScriptedService(status(503, **{"Retry-After": "60"}), graded)
    with pytest.raises(VerifierUnavailableError):
        verify(service, deadline_s=1.0)
    assert len(service.requests) == 1


def test_those_who_were_refused_together_do_not_come_back_together() -> None:
    refusal = httpx.Response(503, headers={"Retry-After": "1"})
    deadline = time.monotonic() + 60
    pauses = [Attempts("http://a", deadline=deadline).pause_after_refusal(refusal) for _ in range(20)]
    assert min(pauses) >= 1.0
    assert len(set(pauses)) == 20


def test_retry_after_may_be_a_date() -> None:
    soon = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=60))
    service = ScriptedService(status(503, **{"Retry-After": soon}), graded)
    with pytest.raises(VerifierUnavailableError):
        verify(service, deadline_s=1.0)
    assert len(service.requests) == 1


@pytest.mark.parametrize("asked", ["", "soon", "-1", "1e9"])
def test_an_odd_retry_after_is_no_reason_to_give_up(asked: str) -> None:
    assert verify(ScriptedService(status(503, **{"Retry-After": asked}), graded)).score == 1.0


@pytest.mark.parametrize(("deadline_s", "told_s"), [(100.0, 95.0), (7.0, 6.5), (0.6, 0.3)])
def test_the_service_is_told_of_less_time_than_the_client_waits(deadline_s: float, told_s: float) -> None:
    service = ScriptedService(graded)

    async def run() -> None:
        async with VerifierClient("http://service", deadline_s=deadline_s, transport=service) as client:
            await client.verify_batch([echo("a")])

    asyncio.run(run())
    (sent,) = service.requests
    assert 0.0 < float(sent.headers["X-Request-Timeout"]) <= told_s
    assert 0 < json.loads(sent.content)["deadline_ms"] <= told_s * 1e3


class TricklingService(httpx.AsyncBaseTransport):
    """Never stops answering and never says anything."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async def trickle() -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0.02)

        return httpx.Response(200, content=trickle())


def test_an_answer_that_never_ends_and_a_turn_that_never_comes_are_bounded_by_the_deadline() -> None:
    async def run() -> list[Verdict | BaseException]:
        service = TricklingService()
        async with VerifierClient("http://a", deadline_s=0.3, max_in_flight=1, transport=service) as client:
            return await asyncio.gather(*(client.verify(echo("a")) for _ in range(3)), return_exceptions=True)

    assert all(isinstance(outcome, VerifierUnavailableError) for outcome in asyncio.run(run()))


class SlowlyRight(BaseHTTPRequestHandler):
    """Has the right answer and gives it byte by byte."""

    def do_POST(self) -> None:
        body = json.dumps(VERDICT).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_the_sync_client_does_not_wait_for_an_answer_that_arrives_after_the_deadline() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SlowlyRight) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        try:
            with (
                SyncVerifierClient(url, deadline_s=0.5) as client,
                pytest.raises(VerifierUnavailableError, match="deadline"),
            ):
                client.verify(echo("a"))
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("code", "kind", "error"),
    [(401, "unauthorized", UnauthorizedError), (500, "setup", VerifierSetupError)],
)
def test_other_errors_are_not_tried_again(code: int, kind: str, error: type[VerifierError]) -> None:
    headers = {"Content-Type": "application/problem+json"}
    body = json.dumps({"type": f"urn:verifiers:{kind}", "detail": "x"})
    service = ScriptedService(lambda _: httpx.Response(code, headers=headers, content=body))
    with pytest.raises(error):
        verify(service)
    assert len(service.requests) == 1


def test_an_answer_that_is_no_verdict_is_an_error() -> None:
    with pytest.raises(VerifierError):
        verify(ScriptedService(lambda _: httpx.Response(200, text="<html>proxy</html>")))
    with pytest.raises(VerifierError):
        verify(ScriptedService(lambda _: httpx.Response(200, json={"score": 1.0})))
    with pytest.raises(VerifierError):
        verify(ScriptedService(lambda _: httpx.Response(200, content=b"\xff")))


@pytest.mark.parametrize(
    "answer", [[], {}, {"verdicts": None}, {"verdicts": [VERDICT]}, {"verdicts": [VERDICT, {"error": "odd"}]}]
)
def test_a_batch_that_is_not_answered_item_by_item_is_an_error(answer: object) -> None:
    async def run() -> list[Verdict | VerifierError]:
        service = ScriptedService(lambda _: httpx.Response(200, json=answer))
        async with VerifierClient("http://service", transport=service) as client:
            return await client.verify_batch([echo("a"), echo("b")])

    with pytest.raises(VerifierUnavailableError):
        asyncio.run(run())


def test_only_the_items_that_were_not_started_are_asked_again() -> None:
    not_started = {"error": {"type": "urn:verifiers:unavailable", "detail": "deadline"}}
    bad = {"error": {"type": "urn:verifiers:ground_truth_error", "detail": "bad"}}
    first = lambda _: httpx.Response(200, json={"verdicts": [VERDICT, not_started, bad]})  # noqa: E731
    service = ScriptedService(first, graded)

    async def run() -> list[Verdict | VerifierError]:
        async with VerifierClient("http://service", transport=service) as client:
            return await client.verify_batch([echo("a"), echo("b"), echo("c")])

    outcomes = asyncio.run(run())
    assert [type(outcome) for outcome in outcomes] == [Verdict, Verdict, GroundTruthError]
    assert [item["response"] for item in json.loads(service.requests[1].content)["items"]] == ["b"]


def test_a_batch_keeps_the_verdicts_it_got_when_the_rest_is_not_answered_in_time() -> None:
    not_started = {"error": {"type": "urn:verifiers:unavailable", "detail": "deadline"}}
    first = lambda _: httpx.Response(200, json={"verdicts": [VERDICT, not_started]})  # noqa: E731
    service = ScriptedService(first, status(503))

    async def run() -> list[Verdict | VerifierError]:
        async with VerifierClient("http://service", deadline_s=0.5, transport=service) as client:
            return await client.verify_batch([echo("a"), echo("b")])

    graded_item, missing = asyncio.run(run())
    assert isinstance(graded_item, Verdict)
    assert isinstance(missing, VerifierUnavailableError)


def test_the_sync_client_does_the_same(service_url: str) -> None:
    with SyncVerifierClient(service_url) as client:
        right, bad, wrong = client.verify_batch(
            [echo("a"), VerifyRequest(verifier="choice", response="A", ground_truth="?"), echo("b")]
        )
        assert client.verify(echo("a")).score == 1.0
    assert isinstance(right, Verdict)
    assert isinstance(wrong, Verdict)
    assert (right.score, wrong.score) == (1.0, 0.0)
    assert isinstance(bad, GroundTruthError)


def test_long_batches_go_in_pieces_and_come_back_in_order() -> None:
    service = ScriptedService(graded)

    async def run() -> int:
        async with VerifierClient("http://service", transport=service) as client:
            return len(await client.verify_batch([echo(str(index)) for index in range(600)]))

    assert asyncio.run(run()) == 600
    assert len(service.requests) == 3


def ask_batch(
    service: httpx.AsyncBaseTransport, requests: list[VerifyRequest], *, deadline_s: float = 10.0
) -> list[Verdict | VerifierError]:
    async def run() -> list[Verdict | VerifierError]:
        async with VerifierClient("http://service", deadline_s=deadline_s, transport=service) as client:
            return await client.verify_batch(requests)

    return asyncio.run(run())


def test_large_items_go_in_more_pieces_than_small_ones() -> None:
    service = ScriptedService(graded)
    assert len(ask_batch(service, [echo("x" * 7 * 2**20)] * 3)) == 3
    assert sorted(len(json.loads(sent.content)["items"]) for sent in service.requests) == [1, 2]


def test_a_body_that_the_service_finds_too_large_is_asked_in_parts() -> None:
    def narrow(request: httpx.Request) -> httpx.Response:
        if len(request.content) <= 500:
            return graded(request)
        return httpx.Response(413, json={"type": "urn:verifiers:too_large", "detail": "over 500 bytes"})

    outcomes = ask_batch(ScriptedService(narrow), [echo("a"), echo("a" * 500), *[echo("a")] * 20])
    assert isinstance(outcomes.pop(1), RequestTooLargeError)
    assert all(isinstance(outcome, Verdict) for outcome in outcomes)


def test_a_piece_that_fails_costs_no_other_its_verdicts() -> None:
    def half(request: httpx.Request) -> httpx.Response:
        if len(json.loads(request.content)["items"]) == 256:
            return status(503)(request)
        return graded(request)

    outcomes = ask_batch(ScriptedService(half), [echo("a")] * 300, deadline_s=0.7)
    assert all(isinstance(outcome, VerifierUnavailableError) for outcome in outcomes[:256])
    assert all(isinstance(outcome, Verdict) for outcome in outcomes[256:])


def test_client_and_service_agree_on_verdicts_and_errors() -> None:
    async def run() -> list[Verdict | VerifierError]:
        async with running_app(ServiceConfig(workers=1)) as (app, _):
            transport = httpx.ASGITransport(app)
            async with VerifierClient("http://service", transport=transport) as client:
                bad = VerifyRequest(verifier="choice", response="A", ground_truth="?")
                return await client.verify_batch([echo("a"), bad, echo("b")])

    right, bad, wrong = asyncio.run(run())
    assert isinstance(right, Verdict)
    assert isinstance(wrong, Verdict)
    assert (right.score, wrong.score) == (1.0, 0.0)
    assert isinstance(bad, GroundTruthError)
    assert "one letter A-J" in str(bad)


def test_a_reference_means_the_same_to_the_service_whatever_python_puts_into_it() -> None:
    truths = [None, math.inf, [1.0, -math.inf], {"nan": math.nan}, "\ud800", "\u00e9"]
    requests = [VerifyRequest(verifier="echo", response="show", ground_truth=truth) for truth in truths]

    async def run() -> list[list[Verdict | VerifierError]]:
        async with (
            running_app(ServiceConfig(workers=1)) as (app, _),
            VerifierClient("http://service", transport=httpx.ASGITransport(app)) as client,
        ):
            return [
                await client.verify_batch(requests),
                [await client.verify(request) for request in requests],
            ]

    for outcomes in asyncio.run(run()):
        shown = [outcome.answer for outcome in outcomes if isinstance(outcome, Verdict)]
        assert shown == list(map(repr, truths))


def test_a_request_that_no_json_reader_would_take_fails_alone() -> None:
    unreadable = VerifyRequest(verifier="echo", response="a", ground_truth=10**5000)
    outcomes = ask_batch(ScriptedService(graded), [echo("a"), unreadable, echo("a")])
    assert [type(outcome) for outcome in outcomes] == [Verdict, InvalidRequestError, Verdict]


@pytest.mark.parametrize(
    "url",
    ["localhost:8080", "127.0.0.1:8080", "http://", "http://127.0.0.1:99999", "http://[::1", "ftp://a", ""],
)
@pytest.mark.parametrize("client", [VerifierClient, SyncVerifierClient])
def test_a_url_that_no_service_can_have_is_one_clear_error_at_once(
    client: Callable[[str], object], url: str
) -> None:
    with pytest.raises(VerifierSetupError, match="looks like"):
        client(url)


@pytest.mark.parametrize("token", ["secr\u00e9t", "sec\nret", "sec ret"])
def test_a_token_that_cannot_be_sent_is_an_error_that_does_not_show_it(token: str) -> None:
    with pytest.raises(VerifierSetupError) as raised:
        VerifierClient("http://service", token=token)
    assert "sec" not in str(raised.value)


def test_the_white_space_around_a_token_is_not_part_of_it() -> None:
    async def run() -> Verdict:
        async with (
            running_app(ServiceConfig(workers=1, token="secret\n")) as (app, _),
            VerifierClient("http://a", token=" secret\n", transport=httpx.ASGITransport(app)) as client,
        ):
            return await client.verify(echo("a"))

    assert asyncio.run(run()).score == 1.0


def test_a_token_in_the_url_is_in_no_error() -> None:
    async def run() -> None:
        service = ScriptedService(refused)
        async with VerifierClient("http://any:secret@a", deadline_s=0.2, transport=service) as client:
            await client.verify(echo("a"))

    with pytest.raises(VerifierUnavailableError) as raised:
        asyncio.run(run())
    assert "secret" not in str(raised.value)
