"""A verifier service that answers by a script."""

import asyncio
import json
from collections.abc import Callable

import httpx

from tests.verifiers.service_tools import echo
from verifiers.client import VerifierClient
from verifiers.types import Verdict

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
