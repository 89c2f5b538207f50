"""Who the client is, and work only while it is there: nobody would read the answer of one who left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

CLIENT_LEFT = 499
Answer = TypeVar("Answer")


def caller_of(request: Request) -> Hashable:
    """Single requests take turns by the address they come from."""
    return request.client.host if request.client else None


async def while_connected(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Do the work; cancel it when the client closes the connection, which ends its program.

    Raises:
        HTTPException: the client has left.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise HTTPException(CLIENT_LEFT, "the client closed the connection")
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue  # of the body, which has been read, nothing more comes
