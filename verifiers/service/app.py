"""The FastAPI app: routes and error mapping, no grading.

    POST /v1/verify          VerifyRequest -> Verdict
    POST /v1/verify/batch    {items, deadline_ms?} -> {verdicts}, in request order
    GET  /v1/verifiers       who is here, with version and digest
    GET  /livez /readyz /metrics /openapi.json

An item of a batch that cannot be graded becomes `{"error": Problem}` in its place and never fails the
others. The event loop only moves bytes; worker processes grade.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, PositiveInt, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from verifiers.errors import (
    InvalidRequestError,
    RequestTooLargeError,
    VerifierError,
    VerifierUnavailableError,
)
from verifiers.service.config import ServiceConfig
from verifiers.service.gate import Gate
from verifiers.service.metrics import Metrics
from verifiers.service.problems import MEDIA_TYPE, Problem, problem, problem_of, problem_response
from verifiers.service.readiness import Readiness
from verifiers.types import Verdict, VerifyRequest
from verifiers.workers.pool import WorkerPool


class BatchRequest(BaseModel):
    """Many requests at once. Items are checked one by one, so that a bad one fails alone."""

    model_config = ConfigDict(extra="forbid")

    items: list[JsonValue] = Field(
        min_length=1,
        description="VerifyRequest objects",
        examples=[[{"verifier": "math", "response": r"so \boxed{42}", "ground_truth": "42"}]],
    )
    deadline_ms: PositiveInt | None = None
    """An item that is still waiting after this long is not started and fails as `unavailable`."""


class ItemError(BaseModel):
    """Stands in a batch's place of a verdict."""

    error: Problem


class BatchResponse(BaseModel):
    verdicts: list[Verdict | ItemError]


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
    grading = _Grading(pool, metrics, config)

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
    _add_operator_routes(app, pool, readiness, metrics)
    _add_error_handlers(app, metrics, config)
    return app


class _Grading:
    """Checks requests against the service's limits and hands them to the pool."""

    def __init__(self, pool: WorkerPool, metrics: Metrics, config: ServiceConfig) -> None:
        self._pool = pool
        self._metrics = metrics
        self._config = config

    async def one(self, request: VerifyRequest, deadline_s: float | None = None) -> Verdict:
        if len(request.response) > self._config.max_response_chars:
            raise RequestTooLargeError(
                f"a response of {len(request.response)} characters, at most {self._config.max_response_chars}"
            )
        deadline = time.monotonic() + (deadline_s or self._config.default_deadline_s)
        verdict = await self._pool.grade(request, deadline=deadline)
        self._metrics.count(verdict)
        return verdict

    async def many(self, batch: BatchRequest) -> list[Verdict | ItemError]:
        if len(batch.items) > self._config.max_batch_items:
            raise RequestTooLargeError(
                f"a batch of {len(batch.items)} items, at most {self._config.max_batch_items}"
            )
        if self._pool.waiting + len(batch.items) > self._config.max_waiting + self._config.workers:
            raise VerifierUnavailableError(f"{self._pool.waiting} requests are waiting already")
        deadline_s = None if batch.deadline_ms is None else batch.deadline_ms / 1e3
        return await asyncio.gather(*(self._item(item, deadline_s) for item in batch.items))

    async def _item(self, item: JsonValue, deadline_s: float | None) -> Verdict | ItemError:
        try:
            return await self.one(_checked(item), deadline_s)
        except VerifierError as error:
            self._metrics.count(error)
            return ItemError(error=problem_of(error))


def _checked(item: JsonValue) -> VerifyRequest:
    try:
        return VerifyRequest.model_validate(item)
    except ValidationError as error:
        raise InvalidRequestError(_first_fault(error.errors(include_input=False))) from error


def _add_grading_routes(app: FastAPI, grading: _Grading) -> None:
    problems = _documented(400, 401, 404, 413, 422, 503)

    @app.post("/v1/verify", operation_id="verify", response_model=Verdict, responses=problems)
    async def verify(request: VerifyRequest) -> Response:
        verdict = await grading.one(request)
        return Response(verdict.model_dump_json(), media_type="application/json")

    @app.post(
        "/v1/verify/batch", operation_id="verify_batch", response_model=BatchResponse, responses=problems
    )
    async def verify_batch(batch: Annotated[BatchRequest, Body()]) -> Response:
        reply = BatchResponse(verdicts=await grading.many(batch))
        return Response(reply.model_dump_json(), media_type="application/json")


def _add_operator_routes(app: FastAPI, pool: WorkerPool, readiness: Readiness, metrics: Metrics) -> None:
    @app.get("/v1/verifiers", operation_id="list_verifiers")
    async def list_verifiers() -> list[VerifierInfo]:
        return [VerifierInfo(name=name, **_info(about)) for name, about in sorted(pool.verifiers.items())]

    @app.get("/livez", operation_id="livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", operation_id="readyz", responses=_documented(503))
    async def readyz() -> dict[str, str]:
        if readiness.failures:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in readiness.failures.items())
            raise VerifierUnavailableError(f"not ready: {reasons}")
        return {"status": "ready"}

    @app.get("/metrics", operation_id="metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")


def _add_error_handlers(app: FastAPI, metrics: Metrics, config: ServiceConfig) -> None:
    def respond(request: Request, found: Problem) -> Response:
        located = found.model_copy(
            update={"instance": request.url.path, "request_id": request.state.request_id}
        )
        return problem_response(located, retry_after_s=config.retry_after_s)

    @app.exception_handler(VerifierError)
    async def explain(request: Request, error: VerifierError) -> Response:
        metrics.count(error)
        return respond(request, problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def explain_validation(request: Request, error: RequestValidationError) -> Response:
        faults = [
            {"loc": list(fault["loc"]), "msg": fault["msg"], "type": fault["type"]}
            for fault in error.errors()
        ]
        found = problem("invalid_request", 422, _first_fault(faults))
        return respond(request, found.model_copy(update={"errors": faults}))

    @app.exception_handler(HTTPException)
    async def explain_http(request: Request, error: HTTPException) -> Response:
        return respond(request, problem("http", error.status_code, str(error.detail)))


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems that a route may answer with, for the OpenAPI document."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }


def _first_fault(faults: Any) -> str:
    fault = faults[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'request'}: {fault['msg']}"


def _info(about: dict[str, Any]) -> dict[str, Any]:
    return {key: about[key] for key in ("version", "digest", "about", "options")}
