"""Have a candidate's functions called in a sandbox: chains of calls go in, one frame per call comes out.

All calls of one candidate share one sandbox, but not a process: inside, each call is forked from a clean
parent (see `inside/call_server.py`). A sandbox per call would cost a start of some 20 ms each and add
nothing, since the calls share no state either way and no expected value ever goes in; what a candidate can do
at most is read the arguments of the other calls, which its author has seen or could try out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandboxes import Limits, Outcome
from verifiers.code.runner import PYTHON_STARTUP_S, SandboxRunner
from verifiers.code.source import Program

MAX_TOTAL_CPU_S = 60.0
OUTPUT_BYTES = 64 * 2**20
HARNESS_MEMORY_MB = 32

Chain = dict[str, Any]
Frame = dict[str, Any]
"""`{"ok": nodes}`, `{"raised": [type, message]}` or `{"ended": why}`."""


@dataclass(frozen=True)
class Budget:
    """What one call may use."""

    time_limit_s: float
    memory_limit_mb: int


class CallRunner:
    """Calls the functions of one program."""

    def __init__(self, runner: SandboxRunner, program: Program, prelude: str, budget: Budget) -> None:
        self.program = program
        self._runner = runner
        self._prelude = prelude
        self._budget = budget

    def call(self, chains: Sequence[Chain], *, keep_going: bool) -> list[Frame]:
        """One frame per chain. Without `keep_going`, a call that ends without a result ends the rest unmade.

        Raises:
            SandboxFailedError: the sandbox failed; says nothing about the program.
        """
        job = {
            "prelude": self._prelude, "source": self.program.source, "calls": list(chains),
            "time_limit_s": self._budget.time_limit_s, "keep_going": keep_going,
        }  # fmt: skip
        result = self._runner.run_inside("call_server", job, self._limits(len(chains)))
        frames = [frame for frame in map(_frame, result.stdout.splitlines()) if frame is not None]
        if frames and "broken" in frames[0]:
            return [{"raised": frames[0]["broken"].split(": ", 1)}] * len(chains)
        missing = {"ended": _why(result.outcome)}
        return [*frames[: len(chains)], *[missing] * (len(chains) - len(frames))]

    def _limits(self, calls: int) -> Limits:
        """The whole sandbox gets what its calls get together, up to a bound that no honest program meets."""
        cpu_s = min(self._budget.time_limit_s * calls, max(MAX_TOTAL_CPU_S, self._budget.time_limit_s))
        return Limits(
            cpu_s=cpu_s + PYTHON_STARTUP_S,
            memory_mb=self._budget.memory_limit_mb + HARNESS_MEMORY_MB,
            output_bytes=OUTPUT_BYTES,
        )


def _frame(line: str) -> Frame | None:
    try:
        frame = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return frame if isinstance(frame, dict) else None


def _why(outcome: Outcome) -> str:
    if outcome is Outcome.TIME_LIMIT:
        return "timeout"
    return "memory" if outcome is Outcome.MEMORY_LIMIT else "exit"
