"""The client's interface without a service: the same worker pool in this process's children.

For tests, notebooks and single-machine runs. Whatever holds for `VerifierClient` holds here: deadlines, an
error per failed item, never an invented score.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Self

from verifiers.errors import VerifierError
from verifiers.types import Verdict, VerifyRequest
from verifiers.workers.pool import WorkerPool


class LocalVerifierClient:
    """Grade with `workers` child processes. Use as an async context manager, or `close` it.

    Args:
        table: name -> `module:Class`; None is every verifier of ours.
        workers: number of processes.
        deadline_s: a request that is still waiting for a worker after this long fails.
    """

    def __init__(
        self, table: Mapping[str, str] | None = None, *, workers: int = 1, deadline_s: float = 300.0
    ) -> None:
        self._pool = WorkerPool(table, workers=workers)
        self._deadline_s = deadline_s
        self._starting: asyncio.Task[None] | None = None

    async def verify(self, request: VerifyRequest) -> Verdict:
        """Grade one request.

        Raises:
            VerifierError: as in `VerifierClient.verify`.
        """
        await self._start_once()
        return await self._pool.grade(request, deadline=time.monotonic() + self._deadline_s)

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]:
        """Grade many; results in request order, an item that failed is its error."""
        results = await asyncio.gather(
            *(self.verify(request) for request in requests), return_exceptions=True
        )
        return [_verdict_or_own_error(result) for result in results]

    async def close(self) -> None:
        if self._starting is not None:
            await asyncio.wait((self._starting,))  # else what is being started would stay
            await self._pool.close()

    async def __aenter__(self) -> Self:
        await self._start_once()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _start_once(self) -> None:
        if self._starting is None:
            self._starting = asyncio.create_task(self._pool.start())
        await asyncio.shield(self._starting)


def _verdict_or_own_error(result: Verdict | BaseException) -> Verdict | VerifierError:
    if isinstance(result, BaseException) and not isinstance(result, VerifierError):
        raise result
    return result
