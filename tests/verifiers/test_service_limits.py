"""What the REST service refuses: wrong tokens, and more than its limits allow."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.verifiers.service_talk import ECHO, SMALL, assert_problem, talk_to
from tests.verifiers.service_tools import running_app
from verifiers.service.config import ServiceConfig


def test_bodies_responses_and_batches_over_their_limits_are_refused() -> None:
    async def run() -> list[httpx.Response]:
        async with running_app(SMALL) as (_, client):
            return [
                await client.post("/v1/verify", json=ECHO | {"response": "x" * 3_000}),
                await client.post("/v1/verify", json=ECHO | {"response": "x" * 600}),
                await client.post("/v1/verify/batch", json={"items": [ECHO] * 5}),
            ]

    for response in asyncio.run(run()):
        assert_problem(response, 413, "too_large")


@pytest.mark.parametrize(
    ("truth", "status"),
    [
        ([[]] * 20, 413),
        ([{}] * 20, 413),
        ("[{" * 20, 200),
        ('"[\\"[' * 5, 200),
        ([[]] * 5, 200),
        (["["] * 20, 413),
    ],
    ids=["lists", "objects", "text", "quotes-in-text", "few", "too-many-texts-to-tell"],
)
def test_a_body_of_more_lists_than_allowed_is_refused_before_it_is_parsed(truth: Any, status: int) -> None:
    config = ServiceConfig(workers=1, max_body_containers=10)
    response = talk_to(config, lambda client: client.post("/v1/verify", json=ECHO | {"ground_truth": truth}))
    assert response.status_code == status


def test_a_full_queue_answers_503_and_says_when_to_come_back() -> None:
    config = ServiceConfig(workers=1, max_waiting=2)
    response = talk_to(config, lambda client: client.post("/v1/verify/batch", json={"items": [ECHO] * 10}))
    assert_problem(response, 503, "unavailable")
    assert int(response.headers["retry-after"]) >= 1


def test_the_token_guards_grading_but_not_the_health_routes() -> None:
    async def run() -> list[httpx.Response]:
        async with running_app(ServiceConfig(workers=1, token="secret")) as (_, client):
            return [
                await client.post("/v1/verify", json=ECHO),
                await client.post("/v1/verify", json=ECHO, headers={"Authorization": "Bearer secret"}),
                await client.get("/livez"),
            ]

    refused, accepted, alive = asyncio.run(run())
    assert_problem(refused, 401, "unauthorized")
    assert refused.headers["www-authenticate"] == "Bearer"
    assert (accepted.status_code, alive.status_code) == (200, 200)


def test_a_trainer_that_can_only_be_given_a_url_sends_the_token_in_it() -> None:
    async def run() -> list[httpx.Response]:
        async with running_app(ServiceConfig(workers=1, token="secret")) as (_, client):
            return [
                await client.post("/v1/verify", json=ECHO, auth=("any", password))
                for password in ("secret", "wrong", "")
            ]

    accepted, *refused = asyncio.run(run())
    assert accepted.status_code == 200
    for response in refused:
        assert_problem(response, 401, "unauthorized")


def test_credentials_that_cannot_be_read_are_refused_like_wrong_ones() -> None:
    async def run() -> list[httpx.Response]:
        async with running_app(ServiceConfig(workers=1, token="secret")) as (_, client):
            return [
                await client.get("/v1/verifiers", headers={b"Authorization": b"Basic " + odd})
                for odd in (b"\xe9\xe9", b"abc", base64.b64encode(b"\xff:\xff"))
            ]

    for response in asyncio.run(run()):
        assert_problem(response, 401, "unauthorized")


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_token_is_none(blank: str) -> None:
    assert ServiceConfig(token=blank).token is None


def test_bodies_under_way_are_bounded_all_together() -> None:
    config = ServiceConfig(workers=1, max_held_bytes=1_500)
    large = {**ECHO, "response": "sleep 0.5" + " " * 800}

    async def run() -> tuple[httpx.Response, ...]:
        async with running_app(config) as (_, client):
            first = asyncio.create_task(client.post("/v1/verify", json=large))
            await asyncio.sleep(0.1)
            second = await client.post("/v1/verify", json=large)
            return await first, second, await client.post("/v1/verify", json=large)

    accepted, refused, later = asyncio.run(run())
    assert (accepted.status_code, later.status_code) == (200, 200)
    assert_problem(refused, 503, "unavailable")


def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    response = talk_to(
        ServiceConfig(workers=1, body_limit_s=0.1),
        lambda client: client.post("/v1/verify", content=trickle()),
    )
    assert_problem(response, 503, "unavailable")


def test_a_query_that_is_too_long_is_refused_before_it_is_searched() -> None:
    body = {"query": ["a" * 600], "prompts": ["a" * 599], "labels": ["a"]}
    response = talk_to(SMALL, lambda client: client.post("/get_reward?verifier=echo", json=body))
    assert_problem(response, 413, "too_large")
