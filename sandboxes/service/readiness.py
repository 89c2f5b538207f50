"""Whether every language that is installed here has run a program in this service.

A language that fails is tried again until it passes; the reasons are what `/readyz` answers meanwhile. One
whose compiler or interpreter is not installed is named and keeps nobody waiting: requests for it are told so.
"""

from __future__ import annotations

import asyncio

from sandboxes.doctor import HELLO, HELLO_LIMITS
from sandboxes.errors import SandboxError, ToolchainMissingError
from sandboxes.pool import SandboxPool
from sandboxes.types import ExecutionRequest, Outcome

RETRY_S = 5.0
EXPECTED = "42\n"


class Readiness:
    def __init__(self, pool: SandboxPool) -> None:
        self._pool = pool
        self.failures: dict[str, str] = dict.fromkeys(HELLO, "not tried yet")
        """Language -> why it is not ready; empty when the service is ready."""
        self.missing: dict[str, str] = {}
        """Language -> what would have to be installed."""

    async def prove(self) -> None:
        """Run a program in each language until all have passed once. Runs beside the service."""
        while self.failures:
            for language in list(self.failures):
                await self._try(language)
            if self.failures:
                await asyncio.sleep(RETRY_S)

    async def _try(self, language: str) -> None:
        request = ExecutionRequest(language=language, source=HELLO[language], limits=HELLO_LIMITS)
        try:
            result = await self._pool.run(request)
        except ToolchainMissingError as error:
            self.missing[language] = str(error)
            del self.failures[language]
        except SandboxError as error:
            self.failures[language] = str(error)
        else:
            if (result.outcome, result.stdout) == (Outcome.OK, EXPECTED):
                del self.failures[language]
            else:
                self.failures[language] = f"a program that prints 42 ended with {result.outcome}"
