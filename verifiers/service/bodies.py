"""Request bodies within the limits: read as the sandboxes' service does, and their lists and objects counted.

The errors are those of this package, since its clients know no others.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.datastructures import Headers
from starlette.types import Receive

from sandboxes import errors as theirs
from sandboxes.service import bodies
from verifiers.errors import RequestTooLargeError, VerifierUnavailableError
from verifiers.service.config import ServiceConfig

_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


class Bodies:
    """Counts what all requests together hold in memory."""

    def __init__(self, config: ServiceConfig) -> None:
        self._max_containers = config.max_body_containers
        self._bodies = bodies.Bodies(
            max_body_bytes=config.max_body_bytes,
            max_held_bytes=config.max_held_bytes,
            timeout_s=config.body_limit_s,
        )

    @asynccontextmanager
    async def read(self, headers: Headers, receive: Receive) -> AsyncIterator[bytes]:
        """The body; it counts as held until the context ends.

        Raises:
            RequestTooLargeError: it is over the limit, as announced or as it arrives, or of too many lists.
            VerifierUnavailableError: too much is held already, or it did not arrive in time.
            sandboxes.service.bodies.ClientLeftError: the connection ended first.
        """
        async with AsyncExitStack() as held:
            try:
                body = await held.enter_async_context(self._bodies.read(headers, receive))
            except theirs.RequestTooLargeError as error:
                raise RequestTooLargeError(str(error)) from error
            except (theirs.PoolFullError, theirs.BodyTimeoutError) as error:
                raise VerifierUnavailableError(str(error)) from error
            self._check_containers(body)
            yield body

    def _check_containers(self, body: bytes) -> None:
        limit = self._max_containers
        found = _containers(body)
        if found > limit and body.count(b'"') <= 4 * limit:  # else leaving the texts out takes too long
            found = _containers(_TEXT.sub(b"", body))
        if found > limit:
            raise RequestTooLargeError(f"a body of {found} lists and objects, at most {limit}")


def _containers(json_text: bytes) -> int:
    return json_text.count(b"[") + json_text.count(b"{")
