"""Requests as the service takes them, checked against its limits and handed to the worker pool.

VerifyRequest -> Verdict      BatchRequest -> BatchResponse, in request order
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from verifiers.errors import (
    InvalidRequestError,
    RequestTooLargeError,
    VerifierError,
    VerifierUnavailableError,
)
from verifiers.service.config import ServiceConfig
from verifiers.service.metrics import Metrics
from verifiers.service.problems import Problem, problem_of
from verifiers.types import Verdict, VerifyRequest
from verifiers.workers.pool import WorkerPool

MAX_DEADLINE_S = 86_400


class BatchRequest(BaseModel):
    """Many requests at once. Items are checked one by one, so that a bad one, such as one that is nested too
    deep, fails alone."""

    model_config = ConfigDict(extra="forbid")

    items: list[Any] = Field(
        min_length=1,
        description="VerifyRequest objects",
        examples=[[{"verifier": "math", "response": r"so \boxed{42}", "ground_truth": "42"}]],
    )
    deadline_ms: int | None = Field(default=None, gt=0, le=MAX_DEADLINE_S * 1_000)
    """The answer comes after this long at the latest: an item without a verdict then fails as
    `unavailable`."""


class ItemError(BaseModel):
    """Stands in a batch's place of a verdict."""

    error: Problem


class BatchResponse(BaseModel):
    verdicts: list[Verdict | ItemError]


class Grading:
    """What the endpoints call."""

    def __init__(self, pool: WorkerPool, metrics: Metrics, config: ServiceConfig) -> None:
        self._pool = pool
        self._metrics = metrics
        self._config = config

    async def one(self, request: VerifyRequest, timeout_s: float | None) -> Verdict:
        """Grade one request.

        Args:
            timeout_s: for how long the answer is of use; work that was started goes on without anybody
                waiting for it. None: the service's own deadline for waiting, and what was started is waited
                for.

        Raises:
            VerifierError: there is no verdict.
        """
        self.check_length(request.response)
        deadline = time.monotonic() + (timeout_s or self._config.default_deadline_s)
        try:
            async with asyncio.timeout(timeout_s):
                verdict = await self._pool.grade(request, deadline=deadline)
        except TimeoutError:
            raise VerifierUnavailableError("the verdict did not come before the deadline") from None
        self._metrics.count(verdict)
        return verdict

    def check_length(self, *texts: str) -> None:
        """Refuse what is too long to be graded.

        Raises:
            RequestTooLargeError: one of the texts is.
        """
        longest, limit = max(map(len, texts)), self._config.max_response_chars
        if longest > limit:
            raise RequestTooLargeError(f"a response of {longest} characters, at most {limit}")

    async def all(self, requests: Sequence[VerifyRequest], timeout_s: float | None) -> list[Verdict]:
        """Grade requests of which none is of use without the others.

        Raises:
            VerifierError: the first of them that has no verdict.
        """
        self._check_room(len(requests))
        outcomes = await asyncio.gather(
            *(self.one(request, timeout_s) for request in requests), return_exceptions=True
        )
        verdicts = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            verdicts.append(outcome)
        return verdicts

    async def many(self, batch: BatchRequest, timeout_s: float | None) -> BatchResponse:
        """Grade the items of a batch, each for itself; one that takes too long holds up no other's verdict.

        Raises:
            VerifierError: the batch as a whole is too large, or finds no room in the queue.
        """
        self._check_room(len(batch.items))
        if batch.deadline_ms is not None:
            timeout_s = batch.deadline_ms / 1e3
        entries = await asyncio.gather(*(self._item(item, timeout_s) for item in batch.items))
        return BatchResponse(verdicts=entries)

    def _check_room(self, items: int) -> None:
        if items > self._config.max_batch_items:
            raise RequestTooLargeError(f"a batch of {items} items, at most {self._config.max_batch_items}")
        if self._pool.waiting + items > self._config.max_waiting + self._config.workers:
            raise VerifierUnavailableError(f"{self._pool.waiting} requests are waiting already")

    async def _item(self, item: Any, timeout_s: float | None) -> Verdict | ItemError:
        try:
            return await self.one(_checked(item), timeout_s)
        except VerifierError as error:
            self._metrics.count(error)
            return ItemError(error=problem_of(error))


def first_fault(faults: Sequence[Mapping[str, Any]]) -> str:
    """One sentence on the first of pydantic's findings."""
    place = ".".join(map(str, faults[0]["loc"])) or "request"
    return f"{place[:200]}: {faults[0]['msg']}"


def _checked(item: Any) -> VerifyRequest:
    try:
        return VerifyRequest.model_validate(item)
    except ValidationError as error:
        raise InvalidRequestError(first_fault(error.errors(include_input=False))) from error
