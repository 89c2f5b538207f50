"""Reads request bodies within the service's limits: bytes and lists of one, bytes of all, and time."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

from starlette.datastructures import Headers
from starlette.types import Receive

from verifiers.errors import RequestTooLargeError, VerifierUnavailableError
from verifiers.service.config import ServiceConfig

_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


class ClientLeftError(Exception):
    """The connection ended before the body did. Stays inside this package."""


class Bodies:
    """Counts what all requests together hold in memory."""

    def __init__(self, config: ServiceConfig) -> None:
        self._config = config
        self._held_bytes = 0

    @contextlib.asynccontextmanager
    async def read(self, headers: Headers, receive: Receive) -> AsyncIterator[bytes]:
        """The body; it counts as held until the context ends.

        Raises:
            RequestTooLargeError: it is over the limit, as announced or as it arrives, or of too many lists.
            VerifierUnavailableError: too much is held already, or it did not arrive in time.
            ClientLeftError: the connection ended first.
        """
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > self._config.max_body_bytes:
            raise RequestTooLargeError(f"a body of {announced} bytes, at most {self._config.max_body_bytes}")
        try:
            async with asyncio.timeout(self._config.body_limit_s):
                body = await self._collect(receive)
        except TimeoutError as error:
            raise VerifierUnavailableError(
                f"the body did not arrive within {self._config.body_limit_s:g} s"
            ) from error
        try:
            self._check_containers(body)
            yield body
        finally:
            self._held_bytes -= len(body)

    async def _collect(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        more = True
        try:
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientLeftError
                chunks.append(message.get("body", b""))
                more = message.get("more_body", False)
                size += len(chunks[-1])
                self._held_bytes += len(chunks[-1])
                self._check(size)
            return b"".join(chunks)
        except BaseException:
            self._held_bytes -= size
            raise

    def _check_containers(self, body: bytes) -> None:
        limit = self._config.max_body_containers
        found = _containers(body)
        if found > limit and body.count(b'"') <= 4 * limit:  # else leaving the texts out takes too long
            found = _containers(_TEXT.sub(b"", body))
        if found > limit:
            raise RequestTooLargeError(f"a body of {found} lists and objects, at most {limit}")

    def _check(self, size: int) -> None:
        if size > self._config.max_body_bytes:
            raise RequestTooLargeError(f"a body of more than {self._config.max_body_bytes} bytes")
        if self._held_bytes > self._config.max_held_bytes:
            raise VerifierUnavailableError(f"requests under way hold {self._held_bytes} bytes already")


def _containers(json_text: bytes) -> int:
    return json_text.count(b"[") + json_text.count(b"{")
