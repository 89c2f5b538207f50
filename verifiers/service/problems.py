"""Errors as `application/problem+json` (RFC 9457), from the one table in `verifiers.errors`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from verifiers.errors import ERROR_KINDS, VerifierError, error_kind
from verifiers.types import Text

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:verifiers:"


class Problem(BaseModel):
    """Why a request, or one item of a batch, has no verdict."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:verifiers:ground_truth_error",
                    "title": "Ground truth error",
                    "status": 422,
                    "detail": "choice expects one letter A-J, got 'C or D'",
                    "instance": "/v1/verify",
                    "request_id": "7f9c2ba4",
                    "errors": [],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: Text
    instance: str = ""
    request_id: str = ""
    errors: list[dict[str, Any]] = []


def problem_of(error: VerifierError) -> Problem:
    """The problem that an exception of ours means."""
    kind = error_kind(error)
    return problem(kind, ERROR_KINDS[kind][1], str(error))


def problem(kind: str, status: int, detail: str) -> Problem:
    return Problem(
        type=TYPE_PREFIX + kind, title=kind.replace("_", " ").capitalize(), status=status, detail=detail
    )


def problem_response(
    found: Problem, *, retry_after_s: int, headers: Mapping[str, str] | None = None
) -> Response:
    """The HTTP response of a problem: 429 and 503 say when to come back, 401 says what to come with."""
    stated = {"X-Request-ID": found.request_id, **(headers or {})}
    if found.status in (429, 503):
        stated["Retry-After"] = str(retry_after_s)
    if found.status == 401:
        stated["WWW-Authenticate"] = "Bearer"
    return Response(found.model_dump_json(), found.status, stated, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problems that a route may answer with, for the OpenAPI document."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }
