"""The suite that every backend passes, ours and third parties'.

    @pytest.mark.parametrize("case", CASES, ids=str)  # from sandboxes.conformance_cases
    def test_conformance(case, pool):
        assert problems(case, pool) == []

`pool` is a `SandboxPool` with one worker around the backend. Never run cases with `needs_boundary` in a
backend that is none: they do what hostile programs do.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandboxes.pool import SandboxPool
from sandboxes.types import ExecutionRequest, ExecutionResult, Limits, Outcome

QUICK = Limits(cpu_s=4.0, wall_s=20.0, memory_mb=256, pids=32, output_bytes=4 << 20, disk_mb=16)
LATE_S = 1.0
"""No result may come later than its wall limit and this."""


@dataclass(frozen=True)
class Case:
    name: str
    request: ExecutionRequest
    outcome: Outcome = Outcome.OK
    stdout: str | None = "done"
    """What it prints, but for white space at the ends; None for anything."""
    needs_boundary: bool = True
    look: Callable[[ExecutionResult], str] = lambda result: ""
    """A further look at the result; says what is wrong with it."""
    takes_token: bool = False
    """Its stdin is a token to mark its processes with, so that survivors are found."""

    def __str__(self) -> str:
        return self.name


def problems(case: Case, pool: SandboxPool) -> list[str]:
    """Run the case and, right after it in the same backend, an ordinary program; empty when all is well."""
    token = secrets.token_hex(8)
    marked = {"stdin": token.encode()} if case.takes_token else {}
    request = case.request.model_copy(update=marked)
    found = judge(case, pool.run_sync(request))
    next_one = pool.run_sync(ExecutionRequest(language="python", source="print(6 * 7)", limits=QUICK))
    if (next_one.outcome, next_one.stdout) != (Outcome.OK, "42\n"):
        found.append(f"the next job was harmed: {next_one}")
    return found + [f"survivor: {line}" for line in survivors(token)]


def survivors(token: str) -> list[str]:
    """Command lines of processes of this machine that carry the token."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if token.encode() in line:
            found.append(line.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


def judge(case: Case, result: ExecutionResult) -> list[str]:
    """What is wrong with the result of a case."""
    said = result.stdout + result.stderr
    checks = {
        f"outcome {result.outcome}, not {case.outcome}: {said[-300:]!r}": result.outcome is case.outcome,
        f"escaped: {said[:300]!r}": "ESCAPE" not in said,
        f"printed {result.stdout[:200]!r}, not {case.stdout!r}": case.stdout in (None, result.stdout.strip()),
        f"took {result.wall_s:.2f} s": result.wall_s <= case.request.limits.wall_s + LATE_S,
        f"exit code {result.exit_code} and signal {result.signal}": (
            (result.exit_code is None) != (result.signal is None)
        ),
        "says ok with an exit code": result.outcome is not Outcome.OK or result.exit_code == 0,
        "names limits that do not exist": set(result.hard_limits) <= set(Limits.model_fields),
        "names no hard limit": bool(result.hard_limits),
    }
    found = [what for what, well in checks.items() if not well]
    more = case.look(result)
    return [*found, more] if more else found
