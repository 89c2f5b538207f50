"""The verifiers' way into `sandboxes`: one pool, opened when first needed.

A failure of ours is a `SandboxFailedError`, which the verifiers turn into `undecided`; what a program does is
a result.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from sandboxes import ExecutionRequest, ExecutionResult, Limits, Outcome, SandboxError, SandboxPool

PYTHON_STARTUP_S = 2.0
"""CPU seconds on top of the program's own, for starting Python and loading the prelude."""


_INSIDE = {
    "call_server": ("values", "replay"),
    "test_program": ("values", "history", "stand_ins", "names", "session"),
}
"""The programs of `verifiers.code.inside` and the modules that they import there."""


class SandboxFailedError(Exception):
    """The sandbox could not run a program; says nothing about the program. Stays inside this package."""


class SandboxRunner:
    """Runs programs one at a time, in a sandbox of the named backend. `close` it."""

    def __init__(self, backend: str = "auto") -> None:
        self._backend = backend
        self._pool: SandboxPool | None = None

    def run(self, request: ExecutionRequest) -> ExecutionResult:
        """Run one program.

        Raises:
            SandboxFailedError: no sandbox here, or it failed twice.
        """
        try:
            if self._pool is None:
                self._pool = SandboxPool.open(self._backend, workers=1)
            result = self._pool.run_sync(request)
        except SandboxError as error:
            raise SandboxFailedError(str(error)) from error
        if result.outcome is Outcome.SANDBOX_ERROR:
            raise SandboxFailedError(result.stderr[-300:] or "the sandbox failed")
        return result

    def run_inside(self, program: str, job: dict[str, Any], limits: Limits) -> ExecutionResult:
        """Run one of the programs of `verifiers.code.inside`, with `job` as JSON on its stdin."""
        request = ExecutionRequest(
            language="python", source=_inside(program),
            files={f"{module}.py": _inside(module).encode() for module in _INSIDE[program]},
            stdin=json.dumps(job).encode(), limits=limits,
        )  # fmt: skip
        return self.run(request)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None


@cache
def _inside(program: str) -> str:
    return files("verifiers.code.inside").joinpath(f"{program}.py").read_text()
