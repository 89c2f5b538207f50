"""Grade a program by running it against the problem's tests.

    response --fences--> program --sandbox--> outputs --compare out here--> Verdict

Ground truth: see `truth.py`. `extra`: `language` (default python), `time_limit_s` and `memory_limit_mb` per
test, `checker` (see `checkers.py`), `partial` (true: the share of tests passed; default all or nothing) and
Guru's `extra_info` with a `prefix`. The candidate's process never holds an expected value, and an exit code
alone never passes: what is compared is what it printed or returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from pydantic import JsonValue

from sandboxes import ExecutionRequest, ExecutionResult, Limits, Outcome
from sandboxes.languages import LANGUAGES
from verifiers.base import Example, Verifier
from verifiers.code.calls import ENDED, Budget, CallRunner, Frame, one_call
from verifiers.code.checkers import Checker, same_value, text_checker
from verifiers.code.free_form import run_free_form
from verifiers.code.inside.values import decode
from verifiers.code.prelude import Prelude, prelude_for
from verifiers.code.runner import SandboxFailedError, SandboxRunner
from verifiers.code.source import MAX_SOURCE_CHARS, Program, find_program
from verifiers.code.truth import CallTests, ProgramTests, StdioTests, read_tests
from verifiers.errors import GroundTruthError
from verifiers.types import Verdict, VerifyRequest

DEFAULT_TIME_LIMIT_S = 10.0
DEFAULT_MEMORY_LIMIT_MB = 512

_ADD = "```python\ndef add(a, b):\n    return a + b\n```"
_OUTCOMES = {
    Outcome.TIME_LIMIT: "candidate_timeout",
    Outcome.MEMORY_LIMIT: "candidate_memory",
    Outcome.OUTPUT_LIMIT: "candidate_output",
    Outcome.COMPILE_ERROR: "candidate_compile_error",
    Outcome.RUNTIME_ERROR: "candidate_crash",
}


class CodeVerifier(Verifier):
    name: ClassVar[str] = "code"
    wall_limit_s: ClassVar[float] = 600.0
    examples: ClassVar[Sequence[Example]] = (
        Example(_ADD, {"fn_name": "add", "inputs": [[1, 2], [3, 4]], "outputs": [3, 7]}, 1.0),
        Example(_ADD, {"fn_name": "add", "inputs": [[1, 2]], "outputs": [4]}, 0.0),
        Example(_ADD, {"asserts": ["assert add(1, 2) == 3"]}, 1.0),
        Example("```python\nprint(int(input()) * 2)\n```", {"inputs": ["4\n"], "outputs": ["8\n"]}, 1.0),
        Example("I would add them", {"asserts": ["assert add(1, 2) == 3"]}, 0.0),
    )

    backend: ClassVar[str] = "auto"
    """Of `sandboxes`; a subclass names another for a second opinion."""

    def __init__(self) -> None:
        self._runner = SandboxRunner(self.backend)

    def verify(self, request: VerifyRequest) -> Verdict:
        tests = read_tests(request.ground_truth)
        language = request.extra.get("language", "python")
        if language not in LANGUAGES:
            raise GroundTruthError(f"code: no language {language!r}; have {', '.join(LANGUAGES)}")
        budget = _budget(request.extra)
        program = find_program(request.response, str(language), stdio=isinstance(tests, StdioTests))
        if program is None:
            return Verdict.no_answer("no_code_block")
        if len(program.source) > MAX_SOURCE_CHARS:
            return Verdict.graded(0.0, "answer_over_budget", program.source, chars=len(program.source))
        partial = request.extra.get("partial") is True
        try:
            if isinstance(tests, StdioTests):
                return self._stdio(
                    program, tests, budget, str(request.extra.get("checker", "lines")), partial
                )
            tests_text = (tests.setup, *tests.parts) if isinstance(tests, ProgramTests) else ()
            prelude = prelude_for((program.source, *tests_text), request.extra)
            calls = CallRunner(self._runner, program, prelude.source, budget)
            if isinstance(tests, CallTests):
                return _function_calls(calls, tests, partial)
            return self._free_form(calls, program, prelude, tests, partial)
        except SandboxFailedError as error:
            return Verdict.undecided("sandbox_failed", program.source, detail=str(error))

    def close(self) -> None:
        self._runner.close()

    def _stdio(
        self, program: Program, tests: StdioTests, budget: Budget, checker: str, partial: bool
    ) -> Verdict:
        """One sandbox per test; without partial credit the first failure ends it."""
        same = text_checker(checker)
        limits = Limits(cpu_s=budget.time_limit_s, memory_mb=budget.memory_limit_mb)
        passed, failures = 0, []
        for index, (stdin, expected) in enumerate(tests.cases):
            request = ExecutionRequest(
                language=program.language,
                source=program.source,
                stdin=stdin.encode("utf-8", "surrogatepass"),
                limits=limits,
            )
            failure = _stdio_failure(self._runner.run(request), expected, same)
            if failure is None:
                passed += 1
                continue
            failures.append((failure, index))
            if not partial or failure == "candidate_compile_error":
                break
        return _verdict(program, passed, len(tests.cases), failures, partial)

    def _free_form(
        self, calls: CallRunner, program: Program, prelude: Prelude, tests: ProgramTests, partial: bool
    ) -> Verdict:
        result = run_free_form(self._runner, calls, program, tests, prelude, go_on=partial)
        if result.beyond_us:
            return Verdict.undecided(result.beyond_us, program.source, detail=result.message)
        return _verdict(
            program, result.passed_parts, len(tests.parts), result.failures, partial,
            {"message": result.message} | ({"nan": True} if result.nan else {}),
        )  # fmt: skip


def _function_calls(calls: CallRunner, tests: CallTests, partial: bool) -> Verdict:
    scripts = [one_call(tests.fn_name, args, {}) for args, _ in tests.cases]
    frames = calls.call(scripts, keep_going=partial)
    failures = []
    for index, (frame, (_, expected)) in enumerate(zip(frames, tests.cases, strict=True)):
        failure = _call_failure(frame, expected)
        if failure is not None:
            failures.append((failure, index))
    return _verdict(calls.program, len(tests.cases) - len(failures), len(tests.cases), failures, partial)


def _call_failure(frame: Frame, expected: JsonValue) -> str | None:
    if "raised" in frame:
        return "candidate_crash"
    if "ended" in frame:
        return ENDED.get(frame["ended"], "candidate_crash")
    try:
        returned = decode(frame["ok"])
    except ValueError:
        return "candidate_crash"
    if not isinstance(returned, tuple) or len(returned) != 3:
        return "candidate_crash"
    return None if same_value(expected, returned[0]) else "wrong_result"


def _stdio_failure(result: ExecutionResult, expected: str, same: Checker) -> str | None:
    if result.outcome is not Outcome.OK:
        return _OUTCOMES[result.outcome]
    return None if same(expected, result.stdout) else "wrong_output"


def _verdict(
    program: Program,
    passed: int,
    total: int,
    failures: list[tuple[str, int]],
    partial: bool,
    details: Mapping[str, JsonValue] = MappingProxyType({}),
) -> Verdict:
    evidence: dict[str, JsonValue] = {"passed": passed, "tests": total}
    if failures:
        evidence["first_failure"] = failures[0][1]
    evidence |= {name: detail for name, detail in details.items() if detail}
    score = passed / total if partial else float(passed == total)
    reason = failures[0][0] if failures else "all_passed"
    return Verdict.graded(score, reason, program.source, **evidence)


def _budget(extra: Mapping[str, JsonValue]) -> Budget:
    time_limit_s = extra.get("time_limit_s", DEFAULT_TIME_LIMIT_S)
    memory_limit_mb = extra.get("memory_limit_mb", DEFAULT_MEMORY_LIMIT_MB)
    if not isinstance(time_limit_s, int | float) or not 0 < time_limit_s <= 120:
        raise GroundTruthError(f"code: time_limit_s must be in (0, 120], got {time_limit_s!r}")
    if not isinstance(memory_limit_mb, int | float) or not 16 <= memory_limit_mb <= 16_384:
        raise GroundTruthError(f"code: memory_limit_mb must be in [16, 16384], got {memory_limit_mb!r}")
    return Budget(float(time_limit_s), int(memory_limit_mb))
