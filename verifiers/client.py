"""Talk to a verifier service: async and sync, the same semantics.

    async with VerifierClient("http://127.0.0.1:8080", deadline_s=60) as client:
        outcomes = await client.verify_batch(requests)     # list[Verdict | VerifierError], in request order

A call retries connection errors and 429, 502, 503 and 504 with full jitter until its deadline, honouring
Retry-After, and then raises `VerifierUnavailableError`. A failure is an exception or an error in its place
and never a number. The requests in flight are bounded; callers beyond that wait their turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Self

import httpx

from verifiers.errors import VerifierError
from verifiers.retrying import Attempts
from verifiers.types import Verdict, VerifyRequest
from verifiers.wire import batch_body, read_batch, read_verdict

BATCH_ITEMS = 256
"""Larger batches are sent in pieces of this size, so that no reply is waited for much longer than another."""


class VerifierClient:
    """Async client of one service.

    Args:
        url: where the service listens.
        deadline_s: how long one call may take in all, retries and waiting included.
        token: bearer token, where the service asks for one.
        max_in_flight: HTTP requests under way at once.
        transport: for tests that call an app in process.
    """

    def __init__(
        self,
        url: str,
        *,
        deadline_s: float = 120.0,
        token: str | None = None,
        max_in_flight: int = 16,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._deadline_s = deadline_s
        self._turns = asyncio.Semaphore(max_in_flight)
        self._http = httpx.AsyncClient(
            base_url=url, headers=_headers(token), transport=transport,
            limits=httpx.Limits(max_connections=max_in_flight, max_keepalive_connections=max_in_flight),
        )  # fmt: skip

    async def verify(self, request: VerifyRequest) -> Verdict:
        """Grade one request.

        Raises:
            GroundTruthError: the reference is malformed; quarantine the problem.
            UnknownVerifierError, InvalidRequestError, RequestTooLargeError, UnauthorizedError: what they say.
            VerifierUnavailableError: no answer before the deadline.
        """
        body = request.model_dump_json(exclude_defaults=True).encode()
        return read_verdict(await self._post("/v1/verify", body, self._new_attempts()))

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]:
        """Grade many through the batch route.

        Returns:
            One entry per request, in request order: its verdict, or the error that this item alone met. Items
            that the service could not start in time are asked again until the deadline.

        Raises:
            VerifierUnavailableError: no answer before the deadline.
            UnauthorizedError: the token is missing or wrong.
        """
        pieces = [requests[at : at + BATCH_ITEMS] for at in range(0, len(requests), BATCH_ITEMS)]
        outcomes = await asyncio.gather(*(self._verify_piece(piece) for piece in pieces))
        return [outcome for piece in outcomes for outcome in piece]

    async def is_ready(self) -> bool:
        """Whether the service says that every verifier has passed its examples; False where nothing
        answers."""
        try:
            return (await self._http.get("/readyz", timeout=5.0)).status_code == 200
        except httpx.TransportError:
            return False

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _verify_piece(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]:
        attempts = self._new_attempts()
        outcomes: list[Verdict | VerifierError] = []
        missing = list(range(len(requests)))
        while True:
            body = batch_body([requests[index] for index in missing], attempts.remaining_s)
            answered = read_batch(await self._post("/v1/verify/batch", body, attempts))
            if not outcomes:
                outcomes = list(answered)
            for index, outcome in zip(missing, answered, strict=True):
                outcomes[index] = outcome
            missing = [index for index, outcome in enumerate(outcomes) if attempts.worth_retrying(outcome)]
            if not missing:
                return outcomes
            await asyncio.sleep(attempts.next_pause_s())

    async def _post(self, path: str, body: bytes, attempts: Attempts) -> httpx.Response:
        """One answered request; transient failures are retried until the deadline."""
        async with self._turns:
            while True:
                try:
                    response = await self._http.post(path, content=body, timeout=attempts.remaining_s)
                except httpx.TransportError as error:
                    await asyncio.sleep(attempts.pause_after_error(error))
                    continue
                if attempts.is_final(response):
                    return response
                await asyncio.sleep(attempts.pause_after_refusal(response))

    def _new_attempts(self) -> Attempts:
        return Attempts(str(self._http.base_url), deadline=time.monotonic() + self._deadline_s)


class SyncVerifierClient:
    """The same client for code without an event loop; one request at a time.

    Args:
        url, deadline_s, token: as for `VerifierClient`.
    """

    def __init__(self, url: str, *, deadline_s: float = 120.0, token: str | None = None) -> None:
        self._deadline_s = deadline_s
        self._http = httpx.Client(base_url=url, headers=_headers(token))

    def verify(self, request: VerifyRequest) -> Verdict:
        """As `VerifierClient.verify`."""
        attempts = Attempts(str(self._http.base_url), deadline=time.monotonic() + self._deadline_s)
        body = request.model_dump_json(exclude_defaults=True).encode()
        while True:
            try:
                response = self._http.post("/v1/verify", content=body, timeout=attempts.remaining_s)
            except httpx.TransportError as error:
                time.sleep(attempts.pause_after_error(error))
                continue
            if attempts.is_final(response):
                return read_verdict(response)
            time.sleep(attempts.pause_after_refusal(response))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _headers(token: str | None) -> dict[str, str]:
    authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
    return {"Content-Type": "application/json", **authorization}
