"""The client's half of the REST format: bodies out, verdicts and errors in.

The service's half is its FastAPI models; `verifiers.errors` is the table both read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
from pydantic import ValidationError

from verifiers.errors import VerifierError, VerifierUnavailableError, error_from_kind
from verifiers.types import Verdict, VerifyRequest


def batch_body(requests: Sequence[VerifyRequest], deadline_s: float) -> bytes:
    """The body of a batch request; the service is told how long an answer is of use."""
    items = ",".join(request.model_dump_json(exclude_defaults=True) for request in requests)
    return f'{{"items":[{items}],"deadline_ms":{max(1, int(deadline_s * 1e3))}}}'.encode()


def read_verdict(response: httpx.Response) -> Verdict:
    """The verdict in an answer to `/v1/verify`.

    Raises:
        VerifierError: what the service's problem says.
        VerifierUnavailableError: the answer is not from a verifier service.
    """
    return _verdict(_body_of(response))


def read_batch(response: httpx.Response) -> list[Verdict | VerifierError]:
    """The entries of an answer to `/v1/verify/batch`, in order.

    Raises:
        VerifierError: what the service's problem says about the whole batch.
        VerifierUnavailableError: the answer is not from a verifier service.
    """
    return [
        _error(entry["error"]) if "error" in entry else _verdict(entry)
        for entry in _body_of(response)["verdicts"]
    ]


def _body_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except json.JSONDecodeError as error:
        raise VerifierUnavailableError(
            f"HTTP {response.status_code} without JSON from {response.url}"
        ) from error
    if response.status_code != 200:
        raise _error(body)
    return body


def _verdict(body: dict[str, Any]) -> Verdict:
    try:
        return Verdict.model_validate(body)
    except ValidationError as error:
        raise VerifierUnavailableError(f"the service sent something that is no verdict: {error}") from error


def _error(problem: dict[str, Any]) -> VerifierError:
    kind = str(problem.get("type", "")).rpartition(":")[2]
    return error_from_kind(kind, str(problem.get("detail", problem)))
