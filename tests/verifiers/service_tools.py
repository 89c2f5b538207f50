"""Small verifiers and servers that the service's tests use. Real code, run in real worker processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import httpx
from fastapi import FastAPI

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.service.app import create_app
from verifiers.service.config import ServiceConfig
from verifiers.types import Verdict, VerifyRequest


class EchoVerifier(Verifier):
    """Right is what equals the reference. Does what the response orders: crash, touch, sleep, show, quote,
    complain."""

    name: ClassVar[str] = "echo"
    wall_limit_s: ClassVar[float] = 1.0
    examples: ClassVar[Sequence[Example]] = (Example("a", "a", 1.0), Example("b", "a", 0.0))

    def verify(self, request: VerifyRequest) -> Verdict:
        if request.response == "crash":
            os._exit(3)
        if request.response == "crash once":
            _crash_once(str(request.extra["marker"]))
        if request.response == "touch":
            Path(str(request.extra["marker"])).touch()
        if request.response == "show":
            return Verdict.compared(True, repr(request.ground_truth))
        if request.response == "quote":
            return Verdict.compared(True, str(request.ground_truth), truth={"all": [request.ground_truth]})
        if request.response == "complain":
            raise GroundTruthError(f"bad: {request.ground_truth}")
        if request.response.startswith("sleep "):
            time.sleep(float(request.response.split()[1]))
        return Verdict.compared(request.response == request.ground_truth, request.response)


class ParityVerifier(Verifier):
    """Right, wrong or undecided by the length of the response: all three come up among random ones."""

    name: ClassVar[str] = "parity"
    examples: ClassVar[Sequence[Example]] = (Example("b", "", 1.0), Example("bb", "", 0.0))

    def verify(self, request: VerifyRequest) -> Verdict:
        if len(request.response) % 3 == 0:
            return Verdict.undecided("cannot_tell", request.response)
        return Verdict.compared(len(request.response) % 3 == 1, request.response)


def _crash_once(marker: str) -> None:
    if not os.path.exists(marker):
        with open(marker, "w"):
            os._exit(3)


ECHO_TABLE = {"echo": f"{__name__}:EchoVerifier", "choice": "verifiers.choice:ChoiceVerifier"}


def echo(response: str, ground_truth: str = "a", **extra: str) -> VerifyRequest:
    return VerifyRequest(verifier="echo", response=response, ground_truth=ground_truth, extra=dict(extra))


@contextlib.asynccontextmanager
async def running_app(
    config: ServiceConfig | None = None, table: Mapping[str, str] = ECHO_TABLE
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The app with its worker processes, and an HTTP client that reaches it without a socket."""
    app = create_app(table, config or ServiceConfig(workers=1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield app, client


async def until_ready(client: httpx.AsyncClient) -> httpx.Response:
    """Ask as an orchestrator does until the service says that it is ready."""
    async with asyncio.timeout(30):
        while True:
            response = await client.get("/readyz")
            if response.status_code == 200:
                return response
            await asyncio.sleep(0.02)
