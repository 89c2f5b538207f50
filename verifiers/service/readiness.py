"""Whether every verifier has graded its own examples in this service.

A verifier that fails (its sandbox may be starting, or missing for good) is tried again until it passes; the
reasons are what `/readyz` answers meanwhile.
"""

from __future__ import annotations

import asyncio

from verifiers.errors import VerifierError
from verifiers.workers.pool import WorkerPool

RETRY_S = 5.0


class Readiness:
    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self.failures: dict[str, str] = dict.fromkeys(pool.table, "not tried yet")
        """Verifier -> why it is not ready; empty when the service is ready."""

    async def prove(self) -> None:
        """Grade the examples of each verifier until all have passed once. Runs beside the service."""
        while self.failures:
            for name in list(self.failures):
                try:
                    await self._pool.self_test(name)
                except VerifierError as error:
                    self.failures[name] = str(error)
                else:
                    del self.failures[name]
            if self.failures:
                await asyncio.sleep(RETRY_S)
