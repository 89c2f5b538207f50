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

from tests.verifiers.scripted_service import (
    VERDICT,
    ScriptedService,
    crashed,
    graded,
    refused,
    status,
    verify,
)
from tests.verifiers.service_tools import echo, running_app
from verifiers.client import SyncVerifierClient, VerifierClient
from verifiers.errors import (
    GroundTruthError,
    UnauthorizedError,
    VerifierError,
    VerifierSetupError,
    VerifierUnavailableError,
)
from verifiers.retrying import Attempts
from verifiers.service.config import ServiceConfig
from verifiers.types import Verdict, VerifyRequest


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
