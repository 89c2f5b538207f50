"""A uvicorn server in which connections that bring no request cannot keep out those that do.

uvicorn itself waits for ever for the head of a request, and accepts as long as there are file descriptors;
without any left it answers nobody, and asyncio logs an error for each that it might have accepted at once.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Collection
from typing import Any, NamedTuple

import uvicorn

HEAD_LIMIT_S = 10.0
"""How long a connection may be without a whole request head."""
BACKLOG = 2_048
SHARE_OF_DESCRIPTORS = 2
"""One in so many is for connections; workers, programs and files need the others."""
ACCEPTS_SHARE = 16
"""One in so many may be taken before anything else is done."""


class _Waiting(NamedTuple):
    """What a connection waits for: the body of this request, or the head of the next one."""

    request: Any
    for_body: bool


class BoundedServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._watch = Watch(most=_descriptors() // SHARE_OF_DESCRIPTORS, head_limit_s=HEAD_LIMIT_S)

    async def on_tick(self, counter: int) -> bool:
        """What uvicorn does ten times a second."""
        for connection in self._watch.to_close(self.server_state.connections, time.monotonic()):
            connection.transport.close()
        return await super().on_tick(counter)


class Watch:
    """Remembers since when uvicorn's connections have been waiting for their clients.

    Args:
        most: how many there may be; above it those that wait longest are closed.
        head_limit_s: how long one may wait for a head. A body has a limit of its own.
    """

    def __init__(self, *, most: int, head_limit_s: float) -> None:
        self._most = most
        self._head_limit_s = head_limit_s
        self._since: dict[Any, tuple[_Waiting, float]] = {}
        """Connection -> what it waits for, and when it was first seen to."""

    def to_close(self, connections: Collection[Any], now: float) -> list[Any]:
        """What is to be closed of all the connections there are at this time."""
        before, self._since = self._since, {}
        for connection in connections:
            waiting = _waiting(connection)
            if waiting is not None:
                known, since = before.get(connection, (waiting, now))
                self._since[connection] = (waiting, since if known == waiting else now)
        longest_first = sorted(self._since.items(), key=lambda item: item[1][1])
        over = len(connections) - self._most
        return [
            connection
            for place, (connection, (waiting, since)) in enumerate(longest_first)
            if place < over or (now - since > self._head_limit_s and not waiting.for_body)
        ]


def accepted_at_once() -> int:
    """How many connections asyncio may accept before anything else is done (uvicorn's `backlog`)."""
    return max(1, min(BACKLOG, _descriptors() // ACCEPTS_SHARE))


def _waiting(connection: Any) -> _Waiting | None:
    """What a connection waits for; None while its request is answered."""
    request = connection.cycle
    if request is None or request.response_complete:
        return _Waiting(request, for_body=False)
    return _Waiting(request, for_body=True) if request.more_body else None


def _descriptors() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
