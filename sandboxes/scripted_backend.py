"""A backend that runs nothing and answers from a list: for testing what calls the sandboxes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from sandboxes.types import ExecutionRequest, ExecutionResult, Outcome


def answer(outcome: Outcome, *, stdout: str = "", stderr: str = "") -> ExecutionResult:
    """A result with this outcome that used nothing."""
    return ExecutionResult(
        outcome=outcome,
        exit_code=0 if outcome is Outcome.OK else 1,
        signal=None,
        stdout=stdout,
        stderr=stderr,
        stdout_truncated=False,
        stderr_truncated=False,
        cpu_s=0.0,
        wall_s=0.0,
        peak_memory_mb=0.0,
        backend=ScriptedBackend.name,
        hard_limits=(),
    )


class ScriptedBackend:
    """See `sandboxes.base.Backend`, but for the constructor.

    It takes the answers in the order of the calls; after the last one every call is `ok`. `requests` are the
    calls it has had.
    """

    name: ClassVar[str] = "scripted"

    def __init__(self, answers: Sequence[ExecutionResult], *, wait_s: float = 0.0) -> None:
        self.requests: list[ExecutionRequest] = []
        self.closed = False
        self._answers = list(answers)
        self._wait_s = wait_s

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        self.requests.append(request)
        await asyncio.sleep(self._wait_s)
        return self._answers.pop(0) if self._answers else answer(Outcome.OK)

    def close(self) -> None:
        self.closed = True
