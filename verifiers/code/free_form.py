"""Run a dataset's free-form test program (asserts, `check(candidate)`, a whole program) against a candidate.

    test program in one sandbox --steps it needs--> candidate in another --answers--> test program again -->
    passed

The two never share a process: the test program, which holds the expected values, sees only plain values that
the candidate's calls returned, so neither `sys.exit(0)` nor an always-equal object passes; and only what the
tests ask of the candidate is looked up there, so that it defines nothing that judges it
(`inside/names.py`). Instead of a live connection the test program is run again with the answers collected so
far; runs speculate past the first unanswered call, so most programs need three runs in all, however many
asserts they hold.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from signal import SIGKILL
from typing import Any

from sandboxes import Limits, Outcome
from verifiers.code.calls import ENDED, UNMADE, CallRunner
from verifiers.code.prelude import Prelude
from verifiers.code.runner import PYTHON_STARTUP_S, SandboxFailedError, SandboxRunner
from verifiers.code.source import Program
from verifiers.code.truth import ProgramTests
from verifiers.errors import GroundTruthError

MAX_ROUNDS = 200
"""Each round knows more than the last; a test that feeds results into the next call takes one for each."""
MAX_CANDIDATE_WALL_S = 180.0
"""For all rounds together."""
TEST_PROGRAM_LIMITS = Limits(cpu_s=10.0 + PYTHON_STARTUP_S, memory_mb=1024, output_bytes=64 * 2**20)

_ENDED_FOR = {
    Outcome.TIME_LIMIT: "candidate_timeout",
    Outcome.MEMORY_LIMIT: "candidate_memory",
    Outcome.OUTPUT_LIMIT: "candidate_output",
}


@dataclass(frozen=True)
class FreeFormResult:
    passed_parts: int
    failures: list[tuple[str, int]]
    """(reason, index of the part), in order."""
    message: str = ""
    """Why the first part failed, if one did."""
    nan: bool = False
    """The program returned a NaN, which a comparison written the wrong way round lets pass."""
    beyond_us: str = ""
    """A reason of the tests' why this cannot be told here; nothing the candidate does leads to one."""


def run_free_form(
    runner: SandboxRunner, calls: CallRunner, program: Program, tests: ProgramTests, prelude: Prelude,
    *, go_on: bool,
) -> FreeFormResult:  # fmt: skip
    """Run the tests to their end, or without `go_on` to their first failure.

    Raises:
        GroundTruthError: the tests are malformed, or ask nothing of the candidate.
        SandboxFailedError: a sandbox failed, or the test program cannot be run even before any answer.
    """
    job: dict[str, Any] = {
        "conveniences": prelude.imports, "prefix": prelude.prefix, "setup": tests.setup, "parts": tests.parts,
        "entry_point": tests.entry_point, "functions": program.functions, "classes": program.classes,
        "answers": {}, "go_on": go_on,
    }  # fmt: skip
    spent_s = 0.0
    for _ in range(MAX_ROUNDS):
        report = _run_tests(runner, job)
        if isinstance(report, FreeFormResult):
            return report
        needs = report["needs"]
        if not needs:
            return _result(report)
        began = time.monotonic()
        frames = calls.call(needs, keep_going=False, carried=report["carried"])
        keys = [key for script in needs for key in script["keys"]]
        job["answers"].update(
            (key, frame) for key, frame in zip(keys, frames, strict=True) if frame is not UNMADE
        )
        spent_s += time.monotonic() - began
        if spent_s > MAX_CANDIDATE_WALL_S:
            return FreeFormResult(0, [("candidate_timeout", 0)], "the calls took too long together")
    return FreeFormResult(0, [("answer_over_budget", 0)], f"new calls after {MAX_ROUNDS} rounds")


def _run_tests(runner: SandboxRunner, job: dict[str, Any]) -> dict[str, Any] | FreeFormResult:
    """The report of one run; a result where it gave none.

    A test program that runs out of its limits is ours to answer for only as long as nothing of the candidate
    was in it: `for i in range(f(2))` lasts as long as the candidate says.
    """
    done = runner.run_inside("test_program", job, TEST_PROGRAM_LIMITS)
    if done.outcome is Outcome.OK:
        report = json.loads(done.stdout)
        return _of_fault(*report["fault"]) if "fault" in report else report
    if not job["answers"]:
        raise SandboxFailedError(f"the test program ended with {done.outcome}: {done.stderr[-300:]}")
    killed = "candidate_timeout" if done.signal == SIGKILL else "candidate_crash"
    reason = _ENDED_FOR.get(done.outcome, killed)
    return FreeFormResult(0, [(reason, 0)], f"the tests ended with {done.outcome}")


def _of_fault(kind: str, message: str) -> FreeFormResult:
    if kind == "tests_malformed":
        raise GroundTruthError(f"code: {message}")
    return FreeFormResult(0, [], message, beyond_us=kind)


def _result(report: dict[str, Any]) -> FreeFormResult:
    """The result of a run that needed nothing more.

    What is asked of the candidate is asked by the tests alone. So where nothing was, any program at all would
    have come out the same: that is the reference's fault, and not a pass.
    """
    failures = report["failures"]
    if not report["made"]:
        why = f" before they fail with {failures[0][1]}" if failures else ""
        raise GroundTruthError(f"code: the tests ask nothing of the program{why}")
    reasons = [
        (ENDED.get(ended, "candidate_crash") if ended else "wrong_result", part)
        for part, _, ended in failures
    ]
    return FreeFormResult(report["passed"], reasons, failures[0][1] if failures else "", report["nan"])
