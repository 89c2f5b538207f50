"""What the facts of a report mean: Report -> ExecutionResult.

Limits that were passed are named before exit codes, because a program that is killed for memory also ends by
a signal. Whatever we could not see to its end is `sandbox_error`.
"""

from __future__ import annotations

import signal

from sandboxes.supervise import Report
from sandboxes.types import ExecutionResult, Limits, Outcome

STOPPED: dict[str, Outcome] = {
    "output": Outcome.OUTPUT_LIMIT,
    "memory": Outcome.MEMORY_LIMIT,
    "wall": Outcome.TIME_LIMIT,
    "cpu": Outcome.TIME_LIMIT,
}
OUT_OF_MEMORY_SIGNS: tuple[bytes, ...] = (b"MemoryError", b"std::bad_alloc", b"heap out of memory")
LAST_WORDS = 2000


def outcome_of(report: Report, limits: Limits) -> Outcome:
    if report.failure:
        return Outcome.SANDBOX_ERROR
    if report.how == "output":
        return Outcome.OUTPUT_LIMIT
    if report.oom_kills:
        return Outcome.MEMORY_LIMIT
    if report.how in STOPPED:
        return STOPPED[report.how]
    if report.cpu_s > limits.cpu_s or (report.how, report.code) == ("signal", signal.SIGXCPU):
        return Outcome.TIME_LIMIT
    if (report.how, report.code) == ("exit", 0):
        return Outcome.OK
    return Outcome.MEMORY_LIMIT if _says_out_of_memory(report) else Outcome.RUNTIME_ERROR


def result_of(
    report: Report, outcome: Outcome, backend: str, hard_limits: tuple[str, ...]
) -> ExecutionResult:
    by_exit = report.how == "exit"
    ended = not report.failure
    return ExecutionResult(
        outcome=outcome,
        exit_code=report.code if ended and by_exit else None,
        signal=(report.code or int(signal.SIGKILL)) if ended and not by_exit else None,
        stdout=report.stdout.decode("utf-8", "replace"),
        stderr=(report.failure or report.stderr.decode("utf-8", "replace")),
        stdout_truncated=report.stdout_truncated,
        stderr_truncated=report.stderr_truncated,
        cpu_s=report.cpu_s,
        wall_s=report.wall_s,
        peak_memory_mb=report.peak_memory_mb,
        backend=backend,
        hard_limits=hard_limits,
    )


def _says_out_of_memory(report: Report) -> bool:
    """A runtime that was refused memory says so and fails. A program may say it too: its own failure either
    way."""
    tail = report.stderr[-LAST_WORDS:]
    return any(sign in tail for sign in OUT_OF_MEMORY_SIGNS)
