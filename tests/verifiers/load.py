"""Many clients at once against a served process, and what must hold of their answers."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from pydantic import JsonValue

CONNECTIONS = 64
CLIENT_LIMIT_S = 120.0


@dataclass(frozen=True)
class Sent:
    """One request and what must come back if it is accepted."""

    body: bytes
    status: int
    scores: tuple[float | None, ...] = ()
    answer: str | None = None


@dataclass(frozen=True)
class Answered:
    sent: Sent
    response: httpx.Response
    took_s: float


def normal(number: int, *, busy_s: float = 0.0) -> Sent:
    """Graded 1.0, and its answer is its own and no other's; it may keep its worker busy for a while."""
    text = f"sleep {busy_s} {number}" if busy_s else f"answer {number}"
    return request("echo", text, text, 1.0)


def hostile(number: int) -> Sent:
    """Crashes, hangs and floods its grader, or is not even a request."""
    kinds = (
        request("echo", "crash", "a", None),
        request("echo", "sleep 60", "a", None),
        request("choice", "{" * 500_000, "A", 0.0),
        request("choice", "\\boxed{" * 20_000, "A", 0.0),
        Sent(request("choice", "\\boxed{A}", "not a letter").body, 422),
        Sent(request("nobody", "a", "a").body, 404),
        Sent(b'{"verifier": "echo", "response": ' + b"[" * 50_000, 400),
        Sent(b"\xff\xfe", 422),
        Sent(b'{"verifier": "echo"}' + b" " * 2_000_000, 413),
    )
    return kinds[number % len(kinds)]


def request(verifier: str, response: str, truth: JsonValue, *scores: float | None) -> Sent:
    body = {"verifier": verifier, "response": response, "ground_truth": truth}
    return Sent(json.dumps(body).encode(), 200, scores, response)


def mixed(requests: int, hostile_share: float, seed: int) -> list[Sent]:
    """Normal and hostile requests in random order."""
    bad = int(requests * hostile_share)
    sent = [normal(n) for n in range(requests - bad)] + [hostile(n) for n in range(bad)]
    random.Random(seed).shuffle(sent)
    return sent


async def send_all(url: str, sent: Sequence[Sent], *, at_once: int) -> list[Answered]:
    """Send everything over `at_once` connections, each waiting for its answer before the next request."""
    waiting = iter(sent)
    answered: list[Answered] = []
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(
        base_url=url, limits=limits, timeout=CLIENT_LIMIT_S, headers=headers
    ) as http:

        async def client() -> None:
            for request in waiting:
                start = time.monotonic()
                response = await http.post("/v1/verify", content=request.body)
                answered.append(Answered(request, response, time.monotonic() - start))

        await asyncio.gather(*(client() for _ in range(at_once)))
    return answered


def accepted(answered: Sequence[Answered]) -> list[Answered]:
    return [found for found in answered if found.response.status_code != 503]


def p99_s(answered: Sequence[Answered]) -> float:
    return sorted(found.took_s for found in answered)[int(0.99 * (len(answered) - 1))]


def faults(answered: Sequence[Answered]) -> list[str]:
    """What is wrong with the answers; refusals with Retry-After are in order."""
    return [fault for found in answered if (fault := _fault(found)) is not None]


def _fault(found: Answered) -> str | None:
    response, sent = found.response, found.sent
    if response.status_code == 503:
        return None if "retry-after" in response.headers else "503 without Retry-After"
    if response.status_code != sent.status:
        return f"{response.status_code} for {sent.body[:80]!r}, not {sent.status}: {response.text[:200]}"
    if response.status_code == 200:
        verdict = response.json()
        if verdict["score"] not in sent.scores:
            return f"score {verdict['score']} ({verdict['reason']}) for {sent.body[:80]!r}, not {sent.scores}"
        if sent.scores == (1.0,) and verdict["answer"] != sent.answer:
            return f"the verdict on {verdict['answer']!r} for {sent.answer!r}"
    return None
