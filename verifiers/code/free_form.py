"""Run a dataset's free-form test program (asserts, `check(candidate)`, a whole program) against a candidate.

    test program in one sandbox --calls it needs--> candidate in another --answers--> test program again -->
    passed

The two never share a process: the test program, which holds the expected values, sees only plain values that
the candidate's calls returned, so neither `sys.exit(0)` nor an always-equal object passes. Instead of a live
connection the test program is run again with the answers collected so far; runs speculate past the first
unanswered call, so most programs need three runs in all, however many asserts they hold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandboxes import Limits, Outcome
from verifiers.code.calls import CallRunner, Frame
from verifiers.code.runner import PYTHON_STARTUP_S, SandboxFailedError, SandboxRunner
from verifiers.code.source import Program
from verifiers.code.truth import ProgramTests

MAX_ROUNDS = 24
TEST_PROGRAM_LIMITS = Limits(cpu_s=10.0 + PYTHON_STARTUP_S, memory_mb=1024, output_bytes=64 * 2**20)


@dataclass(frozen=True)
class FreeFormResult:
    passed_parts: int
    message: str
    """Why the first part failed, if one did."""
    timed_out: bool


def run_free_form(
    runner: SandboxRunner, calls: CallRunner, program: Program, prelude: str, tests: ProgramTests
) -> FreeFormResult:
    """Run the tests to their end.

    Raises:
        SandboxFailedError: a sandbox failed, or the test program itself cannot be run.
    """
    answers: dict[str, Frame] = {}
    for _ in range(MAX_ROUNDS):
        report = _run_tests(runner, program, prelude, tests, answers)
        needs = report["needs"]
        if not needs:
            timed_out = any(frame.get("ended") == "timeout" for frame in answers.values())
            return FreeFormResult(report["parts_passed"], report["message"], timed_out)
        frames = calls.call(needs, keep_going=False)
        answers.update((json.dumps(chain), frame) for chain, frame in zip(needs, frames, strict=True))
    raise SandboxFailedError(f"the test program still asked for new calls after {MAX_ROUNDS} rounds")


def _run_tests(
    runner: SandboxRunner, program: Program, prelude: str, tests: ProgramTests, answers: dict[str, Frame]
) -> dict[str, Any]:
    job = {
        "prelude": f"{prelude}\n{tests.setup}", "parts": tests.parts, "classes": program.classes,
        "functions": program.functions, "answers": answers,
    }  # fmt: skip
    result = runner.run_inside("test_program", job, TEST_PROGRAM_LIMITS)
    if result.outcome is not Outcome.OK:
        raise SandboxFailedError(f"the test program ended with {result.outcome}: {result.stderr[-300:]}")
    return json.loads(result.stdout)
