"""SandboxFusion's `/submit`: take the program out of a completion, run it on each case, compare.

    completion -> code -> [stdin -> stdout, expected stdout] -> accepted

Compared as there (`CommonOJDataset`): line by line, without spaces at the ends and without regard to case,
numbers to a relative 1e-5. For verdicts to train on use `verifiers`; this is here for clients that expect it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue, TypeAdapter, ValidationError

from sandboxes.errors import RequestError
from sandboxes.service.fusion_types import (
    TIMEOUT_S,
    CaseResult,
    RunCodeRequest,
    RunCodeResponse,
    RunStatus,
    StdioCase,
    SubmitConfig,
    SubmitRequest,
    SubmitResponse,
)
from sandboxes.service.problems import first_fault

FENCE = "```"
RELATIVE_TOLERANCE = 1e-5
ALIASES: dict[str, frozenset[str]] = {
    "python": frozenset({"python", "python3", "py"}),
    "cpp": frozenset({"cpp", "c++"}),
    "nodejs": frozenset({"javascript", "js", "nodejs"}),
    "bash": frozenset({"bash", "sh", "shell"}),
}
"""What a language is called after a fence."""

RunProgram = Callable[[RunCodeRequest], Awaitable[RunCodeResponse]]
_CASES = TypeAdapter(list[StdioCase])


async def judge(submission: SubmitRequest, run: RunProgram) -> SubmitResponse:
    """Judge one completion; stops at the first case that fails unless all are asked for.

    Raises:
        RequestError: the problem is not among the data given, or its cases are malformed.
        SandboxError: a case was not run, see `run`.
    """
    config = submission.config
    cases = _cases(_problem(config.provided_data, submission.id))
    block = extract(submission.completion, config.language)
    results: list[CaseResult] = []
    for case in cases if block.code else ():
        results.append(await _run_case(block.code, case, config, run))
        if not results[-1].passed and not config.extra.get("run_all_cases"):
            break
    return SubmitResponse(
        id=submission.id,
        accepted=bool(results) and all(result.passed for result in results),
        extracted_code=block.code,
        tests=results,
        extracted_type=block.kind,
    )


async def _run_case(code: str, case: StdioCase, config: SubmitConfig, run: RunProgram) -> CaseResult:
    program = RunCodeRequest(
        code=code,
        language=config.language,
        stdin=case.input["stdin"],
        compile_timeout=config.compile_timeout or TIMEOUT_S,
        run_timeout=config.run_timeout or TIMEOUT_S,
    )
    response = await run(program)
    passed = (
        response.status is RunStatus.SUCCESS
        and response.run_result is not None
        and same_output(response.run_result.stdout, case.output["stdout"])
    )
    return CaseResult(passed=passed, exec_info=response, test_info=case)


def _problem(
    data: dict[str, JsonValue] | list[dict[str, JsonValue]], problem_id: int | str
) -> dict[str, JsonValue]:
    if isinstance(data, dict):
        return data
    for row in data:
        if row.get("id") == problem_id:
            return row
    raise RequestError(f"config.provided_data has no problem with id {problem_id!r}")


def _cases(problem: dict[str, JsonValue]) -> list[StdioCase]:
    test = problem.get("test")
    try:
        cases = _CASES.validate_python(json.loads(test) if isinstance(test, str) else test)
    except ValidationError as error:
        fault = first_fault(error.errors(include_input=False))
        raise RequestError(f"config.provided_data.test: {fault}") from error
    except (ValueError, RecursionError) as error:
        raise RequestError(f"config.provided_data.test is no JSON: {error}") from error
    if not cases or any(not (case.input and case.output) for case in cases):
        raise RequestError("config.provided_data.test must have cases, each with stdin and stdout")
    return cases


@dataclass(frozen=True)
class Block:
    """A block of code in a completion."""

    kind: Literal["fenced", "incomplete_fenced", "empty"]
    tag: str
    code: str


def extract(completion: str, language: str) -> Block:
    """The first fenced block in the language, else the first one; a fence that stays open counts only when
    there is no other."""
    blocks = list(_blocks(completion))
    names = ALIASES.get(language, frozenset({language.lower()}))
    for kind in ("fenced", "incomplete_fenced"):
        found = [block for block in blocks if block.kind == kind]
        if found:
            return next((block for block in found if block.tag in names), found[0])
    return Block("empty", "", "")


def _blocks(completion: str) -> Iterator[Block]:
    tag = ""
    lines: list[str] | None = None
    for line in completion.split("\n"):
        mark = line.strip()
        if lines is None and mark.startswith(FENCE):
            tag, lines = mark.removeprefix(FENCE).strip().lower(), []
        elif lines is not None and mark.startswith(FENCE):
            yield Block("fenced", tag, "\n".join(lines))
            lines = None
        elif lines is not None:
            lines.append(line)
    if lines is not None:
        yield Block("incomplete_fenced", tag, "\n".join(lines))


def same_output(printed: str, expected: str) -> bool:
    printed_lines, expected_lines = (text.strip().split("\n") for text in (printed, expected))
    return len(printed_lines) == len(expected_lines) and all(map(_same_line, printed_lines, expected_lines))


def _same_line(printed: str, expected: str) -> bool:
    printed, expected = printed.strip().lower(), expected.strip().lower()
    if printed == expected:
        return True
    try:
        return math.isclose(float(printed), float(expected), rel_tol=RELATIVE_TOLERANCE)
    except ValueError:
        return False
