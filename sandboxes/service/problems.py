"""Errors as `application/problem+json` (RFC 9457), from one table.

Nothing of a traceback ever goes out: what is not in the table is an `internal` problem without detail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from sandboxes.errors import (
    BodyTimeoutError,
    NotReadyError,
    PoolClosedError,
    PoolFullError,
    RequestError,
    RequestTooLargeError,
    SandboxError,
    ToolchainMissingError,
    UnauthorizedError,
    UnknownLanguageError,
)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:sandboxes:"
INTERNAL = "internal"
KINDS: dict[type[SandboxError], tuple[str, int]] = {
    UnknownLanguageError: ("unknown_language", 422),
    RequestError: ("invalid_request", 422),
    ToolchainMissingError: ("toolchain_missing", 501),
    RequestTooLargeError: ("too_large", 413),
    BodyTimeoutError: ("body_timeout", 408),
    UnauthorizedError: ("unauthorized", 401),
    NotReadyError: ("not_ready", 503),
    PoolFullError: ("unavailable", 503),
    PoolClosedError: ("unavailable", 503),
}
"""Our error -> the kind of problem and its HTTP status."""
OVERLOADED, GATEWAY_TIMEOUT = 503, 504
COME_BACK = frozenset({OVERLOADED, GATEWAY_TIMEOUT})
FUSION_PATHS = frozenset({"/run_code", "/submit"})
"""SandboxFusion's routes, whose clients come back after a 504 and after nothing else."""


class Problem(BaseModel):
    """Why a request, or one item of a batch, has no result."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:sandboxes:invalid_request",
                    "title": "Invalid request",
                    "status": 422,
                    "detail": "limits over what this service allows: memory_mb=65536 is above 2048",
                    "instance": "/v1/execute",
                    "request_id": "7f9c2ba4",
                    "errors": [],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    request_id: str = ""
    errors: list[dict[str, Any]] = []


def problem_of(error: SandboxError) -> Problem:
    """The problem that an exception of ours means."""
    for cls in type(error).__mro__:
        if cls in KINDS:
            kind, status = KINDS[cls]
            return problem(kind, status, str(error))
    return problem(INTERNAL, 500, "the service failed; its log says why")


def problem(kind: str, status: int, detail: str) -> Problem:
    return Problem(
        type=TYPE_PREFIX + kind, title=kind.replace("_", " ").capitalize(), status=status, detail=detail
    )


def located(found: Problem, path: str, request_id: str) -> Problem:
    """The problem as the route answers it."""
    overloaded = found.status == OVERLOADED and path in FUSION_PATHS
    status = GATEWAY_TIMEOUT if overloaded else found.status
    return found.model_copy(update={"status": status, "instance": path, "request_id": request_id})


def problem_response(found: Problem, *, retry_after_s: int) -> Response:
    """The HTTP response of a problem; one that passes says when to come back."""
    headers = {"Retry-After": str(retry_after_s)} if found.status in COME_BACK else {}
    return json_response(found, found.status, headers, MEDIA_TYPE)


def json_response(
    model: BaseModel,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    return Response(as_json(model), status, headers, media_type)


def as_json(model: BaseModel) -> str:
    """In ASCII, because what callers sent comes back, and that may be no valid Unicode."""
    return json.dumps(model.model_dump(mode="json"))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems that a route may answer with, for the OpenAPI document."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }


def first_fault(faults: Any) -> str:
    fault = faults[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'request'}: {fault['msg']}"
