"""Reads request bodies within the service's limits: bytes of one, bytes of all in flight, and time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.datastructures import Headers
from starlette.types import Receive

from sandboxes.errors import BodyTimeoutError, PoolFullError, RequestTooLargeError


class ClientLeftError(Exception):
    """The connection ended before the body did; nobody is left to be told."""


class Bodies:
    """Counts what has arrived of all bodies in flight; what one only announces keeps nobody else out.

    Args:
        max_body_bytes: of one body.
        max_held_bytes: of all that are held at a time.
        timeout_s: how long one may take to arrive.
    """

    def __init__(self, *, max_body_bytes: int, max_held_bytes: int, timeout_s: float) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_held_bytes = max_held_bytes
        self._timeout_s = timeout_s
        self._held_bytes = 0

    @contextlib.asynccontextmanager
    async def read(self, headers: Headers, receive: Receive) -> AsyncIterator[bytes]:
        """The body; it counts as held until the context ends.

        Raises:
            RequestTooLargeError: it is over the limit, as announced or as it arrives.
            PoolFullError: too much is held already.
            BodyTimeoutError: it did not arrive in time.
            ClientLeftError: the connection ended first.
        """
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > self._max_body_bytes:
            raise RequestTooLargeError(f"a body of {announced} bytes, at most {self._max_body_bytes}")
        body = await self._collect_in_time(receive)
        try:
            yield body
        finally:
            self._held_bytes -= len(body)

    async def _collect_in_time(self, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._collect(receive)
        except TimeoutError as error:
            raise BodyTimeoutError(f"the body did not arrive within {self._timeout_s:g} s") from error

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

    def _check(self, size: int) -> None:
        if size > self._max_body_bytes:
            raise RequestTooLargeError(f"a body of more than {self._max_body_bytes} bytes")
        if self._held_bytes > self._max_held_bytes:
            raise PoolFullError(f"requests in flight hold {self._held_bytes} bytes; try again later")
