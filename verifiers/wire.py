"""The client's half of the REST format: bodies out, verdicts and errors in.

The service's half is its FastAPI models; `verifiers.errors` is the table both read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
from pydantic import ValidationError

from verifiers.address import shown
from verifiers.errors import (
    InvalidRequestError,
    VerifierError,
    VerifierUnavailableError,
    error_from_kind,
)
from verifiers.retrying import TRANSIENT_STATUS
from verifiers.types import Verdict, VerifyRequest

PROBLEM_TYPE = "application/problem+json"


def request_body(request: VerifyRequest) -> bytes:
    """The body of a single request, and an item of a batch.

    Infinity, NaN and lone surrogates, which datasets hold, travel as Python's `json` writes them: a reference
    that became null on its way would let another answer be right.

    Raises:
        InvalidRequestError: it holds an integer of more digits than JSON is read with.
    """
    fields = request.model_dump(mode="json", exclude_defaults=True)
    try:
        return json.dumps(fields, separators=(",", ":")).encode()
    except ValueError as error:
        raise InvalidRequestError(f"the request cannot be sent: {error}") from error


def batch_body(items: Sequence[bytes], deadline_s: float) -> bytes:
    """The body of a batch of `request_body`s; the service is told how long an answer is of use."""
    return b'{"items":[%b],"deadline_ms":%d}' % (b",".join(items), max(1, int(deadline_s * 1e3)))


def is_transient(response: httpx.Response) -> bool:
    """Whether asking again may help: the service says so, or a server around it lost a request (it crashed,
    or was ended) and says it in its own words."""
    if response.status_code in TRANSIENT_STATUS:
        return True
    return response.status_code >= 500 and PROBLEM_TYPE not in response.headers.get("Content-Type", "")


def read_verdict(response: httpx.Response) -> Verdict:
    """The verdict in an answer to `/v1/verify`.

    Raises:
        VerifierError: what the service's problem says.
        VerifierUnavailableError: the answer is not from a verifier service.
    """
    return _verdict(_body_of(response))


def read_batch(response: httpx.Response, *, asked: int) -> list[Verdict | VerifierError]:
    """The entries of an answer to `/v1/verify/batch` for `asked` items, in order.

    Raises:
        VerifierError: what the service's problem says about the whole batch.
        VerifierUnavailableError: the answer is not from a verifier service.
    """
    entries = _body_of(response).get("verdicts")
    if not isinstance(entries, list) or len(entries) != asked:
        raise VerifierUnavailableError(
            f"{shown(response.url)} did not answer a batch of {asked} with as many verdicts"
        )
    return [_outcome(entry) for entry in entries]


def _body_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise VerifierUnavailableError(
            f"HTTP {response.status_code} without JSON from {shown(response.url)}"
        ) from error
    if not isinstance(body, dict):
        raise VerifierUnavailableError(
            f"HTTP {response.status_code} without a JSON object from {shown(response.url)}"
        )
    if response.status_code != 200:
        raise _error(body)
    return body


def _outcome(entry: Any) -> Verdict | VerifierError:
    if isinstance(entry, dict) and isinstance(entry.get("error"), dict):
        return _error(entry["error"])
    return _verdict(entry)


def _verdict(body: Any) -> Verdict:
    try:
        return Verdict.model_validate(body)
    except ValidationError as error:
        raise VerifierUnavailableError(f"the service sent something that is no verdict: {error}") from error


def _error(problem: dict[str, Any]) -> VerifierError:
    kind = str(problem.get("type", "")).rpartition(":")[2]
    return error_from_kind(kind, str(problem.get("detail", problem)))
