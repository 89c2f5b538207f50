"""Batches against services that fail in every way: each item keeps what it got."""

import asyncio
import json

import httpx
import pytest

from tests.verifiers.scripted_service import (
    VERDICT,
    ScriptedService,
    graded,
    status,
)
from tests.verifiers.service_tools import echo
from verifiers.client import VerifierClient
from verifiers.errors import (
    GroundTruthError,
    InvalidRequestError,
    RequestTooLargeError,
    VerifierError,
    VerifierUnavailableError,
)
from verifiers.types import Verdict, VerifyRequest


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


def test_a_request_that_no_json_reader_would_take_fails_alone() -> None:
    unreadable = VerifyRequest(verifier="echo", response="a", ground_truth=10**5000)
    outcomes = ask_batch(ScriptedService(graded), [echo("a"), unreadable, echo("a")])
    assert [type(outcome) for outcome in outcomes] == [Verdict, InvalidRequestError, Verdict]
