"""The FastAPI app: routes and error mapping, no grading.

    POST /v1/verify          VerifyRequest -> Verdict
    POST /v1/verify/batch    {items, deadline_ms?} -> {verdicts}, in request order
    GET  /v1/verifiers       who is here, with version and digest
    GET  /livez /readyz /metrics /openapi.json
    and the routes of other trainers' protocols, see `adapter_routes`

An item of a batch that cannot be graded becomes `{"error": Problem}` in its place and never fails the
others. A client says in `X-Request-Timeout` for how many seconds its answer is of use, and gets one by then.
The event loop only moves bytes; worker processes grade.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from verifiers.errors import InvalidRequestError, VerifierError, VerifierUnavailableError
from verifiers.service.adapter_routes import add_adapter_routes
from verifiers.service.config import ServiceConfig
from verifiers.service.gate import Gate
from verifiers.service.grading import BatchRequest, BatchResponse, Grading, first_fault
from verifiers.service.metrics import Metrics
from verifiers.service.problems import Problem, documented, problem, problem_of, problem_response
from verifiers.service.readiness import Readiness
from verifiers.service.timeouts import RequestTimeout
from verifiers.types import Verdict, VerifyRequest
from verifiers.workers.pool import WorkerPool

MAX_REPORTED_FAULTS = 20


class VerifierInfo(BaseModel):
    name: str
    version: str
    digest: str
    about: str
    options: dict[str, JsonValue]


def create_app(table: Mapping[str, str], config: ServiceConfig | None = None) -> FastAPI:
    """Build the app; reads no globals and no environment. Worker processes start with the app's lifespan.

    Args:
        table: name -> `module:Class`, as `verifiers.registry.plugin_table` makes it.
    """
    config = config or ServiceConfig()
    pool = WorkerPool(table, workers=config.workers, max_waiting=config.max_waiting)
    readiness = Readiness(pool)
    metrics = Metrics(pool)
    grading = Grading(pool, metrics, config)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with pool:
            proving = asyncio.create_task(readiness.prove())
            yield
            proving.cancel()
            await asyncio.gather(proving, return_exceptions=True)
            await pool.drain(config.drain_limit_s)

    app = FastAPI(title="verifiers", version="1", lifespan=lifespan)
    app.add_middleware(Gate, config=config)
    _add_grading_routes(app, grading)
    add_adapter_routes(app, grading)
    _add_operator_routes(app, pool, readiness, metrics)
    _add_error_handlers(app, metrics, config)
    return app


def _add_grading_routes(app: FastAPI, grading: Grading) -> None:
    problems = documented(400, 401, 404, 413, 422, 503)

    @app.post("/v1/verify", operation_id="verify", response_model=Verdict, responses=problems)
    async def verify(request: VerifyRequest, timeout_s: RequestTimeout = None) -> Response:
        verdict = await grading.one(request, timeout_s)
        return Response(verdict.model_dump_json(), media_type="application/json")

    @app.post(
        "/v1/verify/batch", operation_id="verify_batch", response_model=BatchResponse, responses=problems
    )
    async def verify_batch(
        batch: Annotated[BatchRequest, Body()], timeout_s: RequestTimeout = None
    ) -> Response:
        reply = await grading.many(batch, timeout_s)
        return Response(reply.model_dump_json(), media_type="application/json")


def _add_operator_routes(app: FastAPI, pool: WorkerPool, readiness: Readiness, metrics: Metrics) -> None:
    @app.get("/v1/verifiers", operation_id="list_verifiers")
    async def list_verifiers() -> list[VerifierInfo]:
        return [VerifierInfo(name=name, **_info(about)) for name, about in sorted(pool.verifiers.items())]

    @app.get("/livez", operation_id="livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", operation_id="readyz", responses=documented(503))
    async def readyz() -> dict[str, str]:
        if readiness.failures:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in readiness.failures.items())
            raise VerifierUnavailableError(f"not ready: {reasons}")
        return {"status": "ready"}

    @app.get("/metrics", operation_id="metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")


def _add_error_handlers(app: FastAPI, metrics: Metrics, config: ServiceConfig) -> None:
    def respond(request: Request, found: Problem, headers: Mapping[str, str] | None = None) -> Response:
        located = found.model_copy(
            update={"instance": request.url.path, "request_id": request.state.request_id}
        )
        return problem_response(located, retry_after_s=config.retry_after_s, headers=headers)

    @app.exception_handler(VerifierError)
    async def explain(request: Request, error: VerifierError) -> Response:
        metrics.count(error)
        return respond(request, problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def explain_validation(request: Request, invalid: RequestValidationError) -> Response:
        faults = [
            {"loc": list(fault["loc"]), "msg": fault["msg"], "type": fault["type"]}
            for fault in invalid.errors()[:MAX_REPORTED_FAULTS]
        ]
        error = InvalidRequestError(first_fault(faults))
        metrics.count(error)
        return respond(request, problem_of(error).model_copy(update={"errors": faults}))

    @app.exception_handler(HTTPException)
    async def explain_http(request: Request, error: HTTPException) -> Response:
        return respond(request, problem("http", error.status_code, str(error.detail)), error.headers)

    @app.exception_handler(Exception)
    async def explain_a_bug(request: Request, _: Exception) -> Response:
        return respond(request, problem("bug", 500, "a bug of the service; its log has the traceback"))


def _info(about: dict[str, Any]) -> dict[str, Any]:
    return {key: about[key] for key in ("version", "digest", "about", "options")}
