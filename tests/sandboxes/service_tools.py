"""The service around a pool, reached without a socket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx

from sandboxes import SandboxPool
from sandboxes.service.app import create_app
from sandboxes.service.config import ServiceConfig

Conversation = Callable[[httpx.AsyncClient], Coroutine[Any, Any, httpx.Response]]
Talk = Callable[[Conversation], httpx.Response]


@contextlib.asynccontextmanager
async def client_of(
    pool: SandboxPool, config: ServiceConfig | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the app around the pool; the self-test runs only in `started_client_of`."""
    transport = httpx.ASGITransport(create_app(pool, config), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=60) as client:
        yield client


@contextlib.asynccontextmanager
async def started_client_of(pool: SandboxPool) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(pool)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


def talk_to(
    pool: SandboxPool, conversation: Conversation, config: ServiceConfig | None = None
) -> httpx.Response:
    """One conversation with a service of its own."""

    async def run() -> httpx.Response:
        async with client_of(pool, config) as client:
            return await conversation(client)

    return asyncio.run(run())


def assert_problem(response: httpx.Response, status: int, kind: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"urn:sandboxes:{kind}"
    assert response.json()["status"] == status


def until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)
