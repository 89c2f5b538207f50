"""SandboxFusion's routes, so that clients written for it (verl's among them) work against this service.

    POST /run_code   RunCodeRequest -> RunCodeResponse, 200 whatever the program does
    POST /submit     SubmitRequest -> SubmitResponse, for problems with standard input and output
    GET  /v1/ping    "pong"

verl's client comes back after a 504 only and scores a program 0 for whatever else says nothing about it, so
504 is what these routes answer when the queue is full, has no turn in time, or a sandbox failed: a failure of
ours is never a wrong answer.
The compiler has limits of its own (`sandboxes.languages`); `compile_timeout` only says how long the client
waits.
"""

from __future__ import annotations

from collections.abc import Hashable

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError

from sandboxes.errors import PoolFullError, RequestError
from sandboxes.languages import LANGUAGES
from sandboxes.service.connection import caller_of, while_connected
from sandboxes.service.execution import SANDBOX_FAILED, Execution
from sandboxes.service.fusion_judge import judge
from sandboxes.service.fusion_types import (
    NO_MEMORY_LIMIT,
    CommandResult,
    CommandStatus,
    RunCodeRequest,
    RunCodeResponse,
    RunStatus,
    SubmitRequest,
    SubmitResponse,
)
from sandboxes.service.problems import documented, first_fault, json_response
from sandboxes.types import ExecutionRequest, ExecutionResult, Limits, Outcome

LANGUAGE_NAMES = {"nodejs": "javascript", "js": "javascript"}
"""Where theirs differ from ours."""
WALL_EXTRA_S = 5.0
"""`run_timeout` is CPU time here and this much more of wall time, so that a loaded machine makes no false
timeouts."""
CLIENT_EXTRA_S = 10.0
"""How much longer than both timeouts together verl's client waits for the answer, queue included."""
MARGIN_S = 2.0
SIGKILL = 9


def add_fusion_routes(app: FastAPI, execution: Execution) -> None:
    problems = documented(400, 401, 408, 413, 422, 501, 504)

    @app.post("/run_code", operation_id="run_code", response_model=RunCodeResponse, responses=problems)
    async def run_code(request: Request, program: RunCodeRequest) -> Response:
        work = run_program(execution, program, caller_of(request))
        return json_response(await while_connected(request, work))

    @app.post("/submit", operation_id="submit", response_model=SubmitResponse, responses=problems)
    async def submit(request: Request, submission: SubmitRequest) -> Response:
        work = judge(submission, lambda program: run_program(execution, program, caller_of(request)))
        return json_response(await while_connected(request, work))

    @app.get("/v1/ping", operation_id="ping")
    async def ping() -> str:
        return "pong"


async def run_program(execution: Execution, program: RunCodeRequest, caller: Hashable) -> RunCodeResponse:
    """Run one program of theirs.

    Raises:
        PoolFullError: there was no turn in time, or the sandbox failed; try again.
        SandboxError: see `Execution.one`.
    """
    request = _request(program, execution.config.ceiling)
    compiled = request.language in LANGUAGES and bool(LANGUAGES[request.language].compile)
    result = await execution.one(request, caller, patience_left_s(program, request.limits, compiled=compiled))
    if result.outcome is Outcome.SANDBOX_ERROR:
        raise PoolFullError(f"{SANDBOX_FAILED}; try again later")
    return _response(result, compiled=compiled)


def _request(program: RunCodeRequest, ceiling: Limits) -> ExecutionRequest:
    for name, most in (("run_timeout", ceiling.cpu_s), ("memory_limit_MB", ceiling.memory_mb)):
        if getattr(program, name) > most:
            raise RequestError(
                f"limits over what this service allows: {name}={getattr(program, name)} is above {most}"
            )
    no_limit = program.memory_limit_MB == NO_MEMORY_LIMIT
    limits = {
        "cpu_s": program.run_timeout,
        "wall_s": min(program.run_timeout + WALL_EXTRA_S, ceiling.wall_s),
        "memory_mb": ceiling.memory_mb if no_limit else program.memory_limit_MB,
    }
    try:
        return ExecutionRequest(
            language=LANGUAGE_NAMES.get(program.language, program.language),
            source=program.code,
            stdin=(program.stdin or "").encode("utf-8", "surrogatepass"),
            files={name: content for name, content in program.files.items() if content is not None},
            limits=Limits.model_validate(limits),
        )
    except ValidationError as error:
        raise RequestError(first_fault(error.errors(include_input=False))) from error


def patience_left_s(program: RunCodeRequest, limits: Limits, *, compiled: bool) -> float:
    """How long a request may wait for its turn, so that the answer comes before verl's client gives up even
    when the program takes all the time it may."""
    patience_s = program.compile_timeout + program.run_timeout + CLIENT_EXTRA_S
    work_s = limits.wall_s + (program.compile_timeout if compiled else 0.0)
    return patience_s - work_s - MARGIN_S


def _response(result: ExecutionResult, *, compiled: bool) -> RunCodeResponse:
    command = _command(result)
    if result.outcome is Outcome.COMPILE_ERROR:
        return RunCodeResponse(status=RunStatus.FAILED, compile_result=command)
    return RunCodeResponse(
        status=RunStatus.SUCCESS if result.outcome is Outcome.OK else RunStatus.FAILED,
        compile_result=CommandResult(status=CommandStatus.FINISHED, return_code=0) if compiled else None,
        run_result=command,
    )


def _command(result: ExecutionResult) -> CommandResult:
    """What was stopped for anything but its time has `Finished` by a signal, as there."""
    timed_out = result.outcome is Outcome.TIME_LIMIT
    return CommandResult(
        status=CommandStatus.TIME_LIMIT_EXCEEDED if timed_out else CommandStatus.FINISHED,
        execution_time=result.wall_s,
        cpu_time=result.cpu_s,
        return_code=None if timed_out else _return_code(result),
        stdout=result.stdout,
        stderr=result.stderr,
    )


def _return_code(result: ExecutionResult) -> int:
    if result.outcome is Outcome.OK:
        return 0
    return result.exit_code or -(result.signal or SIGKILL)
