"""Talk to a verifier service: async and sync, the same semantics.

    async with VerifierClient("http://127.0.0.1:8080", deadline_s=60) as client:
        outcomes = await client.verify_batch(requests)     # list[Verdict | VerifierError], in request order

A call retries connection errors, 429, 502, 503, 504 and any other 5xx that is not the service's own word,
with full jitter until its deadline, honouring Retry-After, and then raises `VerifierUnavailableError`. A
failure is an exception or an error in its place and never a number. The service is told how long an answer is
of use. The requests in flight are bounded; callers beyond that wait their turn, which counts towards their
deadline.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Self

import httpx

from verifiers.address import authorization, checked_url, shown
from verifiers.errors import VerifierError
from verifiers.pieces import Piece, outcomes_of, pieces_of
from verifiers.posting import post
from verifiers.retrying import Attempts
from verifiers.types import Verdict, VerifyRequest
from verifiers.wire import is_transient, read_verdict, request_body


class VerifierClient:
    """Async client of one service.

    Args:
        url: where the service listens.
        deadline_s: how long one call may take in all, retries and waiting included.
        token: bearer token, where the service asks for one.
        max_in_flight: HTTP requests under way at once.
        transport: for tests that call an app in process.

    Raises:
        VerifierSetupError: the URL or the token is none that a request can be made with.
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
            base_url=checked_url(url), headers=_headers(token), transport=transport,
            limits=httpx.Limits(max_connections=max_in_flight, max_keepalive_connections=max_in_flight),
        )  # fmt: skip

    async def verify(self, request: VerifyRequest) -> Verdict:
        """Grade one request.

        Raises:
            GroundTruthError: the reference is malformed; quarantine the problem.
            UnknownVerifierError, InvalidRequestError, RequestTooLargeError, UnauthorizedError: what they say.
            VerifierUnavailableError: no answer before the deadline.
        """
        return read_verdict(await self._post("/v1/verify", request_body(request), self._new_attempts()))

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]:
        """Grade many through the batch route.

        Returns:
            One entry per request, in request order: its verdict, or the error that it met. Items that had no
            verdict in time are asked again until the deadline; a long batch goes in pieces, of which one that
            fails costs no other its verdicts.

        Raises:
            VerifierUnavailableError: no answer at all before the deadline.
            UnauthorizedError: the token is missing or wrong.
        """
        pieces = pieces_of(requests, self._new_attempts)
        async with asyncio.TaskGroup() as asking:
            for piece in pieces:
                asking.create_task(self._ask(piece))
        return outcomes_of(pieces)

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

    async def _ask(self, piece: Piece) -> None:
        try:
            while piece.missing:
                response = await self._post("/v1/verify/batch", piece.body(), piece.attempts)
                await asyncio.sleep(piece.take(response))
        except VerifierError as error:
            piece.give_up(error)

    async def _post(self, path: str, body: bytes, attempts: Attempts) -> httpx.Response:
        """One answered request; transient failures are retried until the deadline."""
        try:
            async with asyncio.timeout(attempts.remaining_s), self._turns:
                while True:
                    try:
                        response = await self._http.post(
                            path, content=body, headers=attempts.headers, timeout=attempts.remaining_s
                        )
                    except httpx.RequestError as error:
                        await asyncio.sleep(attempts.pause_after_error(error))
                        continue
                    if not is_transient(response):
                        return response
                    await asyncio.sleep(attempts.pause_after_refusal(response))
        except TimeoutError as error:
            raise attempts.out_of_time() from error

    def _new_attempts(self) -> Attempts:
        return Attempts(shown(self._http.base_url), deadline=time.monotonic() + self._deadline_s)


class SyncVerifierClient:
    """The same client for code without an event loop; may be shared by threads.

    Args:
        url, deadline_s, token: as for `VerifierClient`, and so are the errors.
    """

    def __init__(self, url: str, *, deadline_s: float = 120.0, token: str | None = None) -> None:
        self._deadline_s = deadline_s
        self._http = httpx.Client(base_url=checked_url(url), headers=_headers(token))

    def verify(self, request: VerifyRequest) -> Verdict:
        """As `VerifierClient.verify`."""
        return read_verdict(self._post("/v1/verify", request_body(request), self._new_attempts()))

    def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]:
        """As `VerifierClient.verify_batch`; the pieces of a long batch go one after another, all before the
        one deadline."""
        pieces = pieces_of(requests, self._new_attempts)
        for piece in pieces:
            self._ask(piece)
        return outcomes_of(pieces)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, piece: Piece) -> None:
        try:
            while piece.missing:
                time.sleep(piece.take(self._post("/v1/verify/batch", piece.body(), piece.attempts)))
        except VerifierError as error:
            piece.give_up(error)

    def _post(self, path: str, body: bytes, attempts: Attempts) -> httpx.Response:
        return post(self._http, path, body, attempts, is_transient)

    def _new_attempts(self) -> Attempts:
        return Attempts(shown(self._http.base_url), deadline=time.monotonic() + self._deadline_s)


def _headers(token: str | None) -> dict[str, str]:
    return {"Content-Type": "application/json", **authorization(token)}
