"""The FastAPI app: routes and error mapping, no running.

    POST /v1/execute         ExecutionRequest -> ExecutionResult
    POST /v1/execute/batch   {items, deadline_ms?} -> {results}, in request order
    POST /run_code /submit, GET /v1/ping    as SandboxFusion has them, see `sandboxes.service.fusion`
    GET  /livez /readyz /metrics /openapi.json

An item of a batch that cannot be run becomes `{"error": Problem}` in its place and never fails the others.
The event loop only moves bytes; the pool has a thread of its own, and programs run in its sandboxes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, StreamingResponse

from sandboxes.errors import NotReadyError, SandboxError
from sandboxes.pool import SandboxPool
from sandboxes.service.config import ServiceConfig
from sandboxes.service.connection import caller_of, while_connected
from sandboxes.service.execution import BatchRequest, BatchResponse, Execution
from sandboxes.service.fusion import add_fusion_routes
from sandboxes.service.gate import Gate
from sandboxes.service.metrics import Metrics
from sandboxes.service.problems import (
    INTERNAL,
    Problem,
    as_json,
    documented,
    first_fault,
    json_response,
    located,
    problem,
    problem_of,
    problem_response,
)
from sandboxes.service.readiness import Readiness
from sandboxes.types import ExecutionRequest, ExecutionResult

MAX_REPORTED_FAULTS = 16
HELLO = {"language": "python", "source": "print(input())", "stdin": "hello", "limits": {"cpu_s": 2}}


def create_app(pool: SandboxPool, config: ServiceConfig | None = None) -> FastAPI:
    """Build the app around a pool, which stays its caller's to close; reads no globals and no environment."""
    config = config or ServiceConfig()
    readiness = Readiness(pool)
    metrics = Metrics(pool)
    execution = Execution(pool, metrics, config)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        proving = asyncio.create_task(readiness.prove())
        yield
        proving.cancel()
        await asyncio.gather(proving, return_exceptions=True)

    app = FastAPI(title="sandboxes", version="1", lifespan=lifespan)
    app.add_middleware(Gate, config=config)
    _add_execution_routes(app, execution)
    add_fusion_routes(app, execution)
    _add_operator_routes(app, readiness, metrics)
    _add_error_handlers(app, metrics, config)
    return app


def _add_execution_routes(app: FastAPI, execution: Execution) -> None:
    problems = documented(400, 401, 408, 413, 422, 501, 503)

    @app.post("/v1/execute", operation_id="execute", response_model=ExecutionResult, responses=problems)
    async def execute(
        request: Request, program: Annotated[ExecutionRequest, Body(examples=[HELLO])]
    ) -> Response:
        work = execution.one(program, caller_of(request))
        return json_response(await while_connected(request, work))

    @app.post(
        "/v1/execute/batch", operation_id="execute_batch", response_model=BatchResponse, responses=problems
    )
    async def execute_batch(batch: Annotated[BatchRequest, Body()]) -> Response:
        return StreamingResponse(_batch_reply(execution.many(batch)), media_type="application/json")


async def _batch_reply(results: AsyncGenerator[BaseModel]) -> AsyncIterator[str]:
    """A `BatchResponse`, sent as it grows: together the results may be larger than memory."""
    before = '{"results": ['
    async with contextlib.aclosing(results):
        async for result in results:
            yield before + as_json(result)
            before = ", "
    yield "]}"


def _add_operator_routes(app: FastAPI, readiness: Readiness, metrics: Metrics) -> None:
    @app.get("/livez", operation_id="livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", operation_id="readyz", responses=documented(503))
    async def readyz() -> dict[str, str | dict[str, str]]:
        if readiness.failures:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in readiness.failures.items())
            raise NotReadyError(f"not ready: {reasons}")
        return {"status": "ready", "missing": readiness.missing}

    @app.get("/metrics", operation_id="metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")


def _add_error_handlers(app: FastAPI, metrics: Metrics, config: ServiceConfig) -> None:
    def respond(request: Request, found: Problem) -> Response:
        told = located(found, request.url.path, request.state.request_id)
        metrics.count_problem(told)
        return problem_response(told, retry_after_s=config.retry_after_s)

    @app.exception_handler(SandboxError)
    async def explain(request: Request, error: SandboxError) -> Response:
        return respond(request, problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def explain_validation(request: Request, error: RequestValidationError) -> Response:
        faults = [
            {"loc": list(fault["loc"]), "msg": fault["msg"], "type": fault["type"]}
            for fault in error.errors()[:MAX_REPORTED_FAULTS]
        ]
        found = problem("invalid_request", 422, first_fault(faults))
        return respond(request, found.model_copy(update={"errors": faults}))

    @app.exception_handler(HTTPException)
    async def explain_http(request: Request, error: HTTPException) -> Response:
        response = respond(request, problem("http", error.status_code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def explain_nothing(request: Request, _: Exception) -> Response:
        """A fault of ours: it goes on to the server's log, and nothing of it to the client."""
        return respond(request, problem(INTERNAL, 500, "the service failed; its log says why"))
