"""Conversations with a service of their own."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from tests.verifiers.service_tools import running_app
from verifiers.service.config import ServiceConfig

ECHO = {"verifier": "echo", "response": "a", "ground_truth": "a"}


Conversation = Callable[[httpx.AsyncClient], Coroutine[Any, Any, httpx.Response]]


SMALL = ServiceConfig(workers=1, max_body_bytes=2_000, max_response_chars=500, max_batch_items=4)


def talk_to(config: ServiceConfig, conversation: Conversation) -> httpx.Response:
    """A conversation with a service of its own."""

    async def run() -> httpx.Response:
        async with running_app(config) as (_, client):
            return await conversation(client)

    return asyncio.run(run())


def assert_problem(response: httpx.Response, status: int, kind: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"urn:verifiers:{kind}"
    assert response.json()["request_id"] == response.headers["x-request-id"]
