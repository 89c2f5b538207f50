"""What the routes share: a request under the service's ceiling goes through the pool, a batch item by item.

A result says nothing of our insides: why a sandbox failed goes to the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Hashable

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from sandboxes.batch import in_order
from sandboxes.errors import PoolFullError, RequestError, RequestTooLargeError, SandboxError
from sandboxes.pool import SandboxPool
from sandboxes.service.config import ServiceConfig, within_ceiling
from sandboxes.service.metrics import Metrics
from sandboxes.service.problems import Problem, first_fault, problem_of
from sandboxes.types import ExecutionRequest, ExecutionResult, Outcome

MAX_DEADLINE_MS = 24 * 3_600_000
BATCH_AHEAD = 64
"""Items of one batch that are in the pool, or done and not sent yet."""
SANDBOX_FAILED = "the sandbox failed; the service's log says why"

log = logging.getLogger(__name__)


class BatchRequest(BaseModel):
    """Many requests at once. Items are checked one by one, so that a bad one fails alone."""

    model_config = ConfigDict(extra="forbid")

    items: list[JsonValue] = Field(
        min_length=1,
        description="ExecutionRequest objects",
        examples=[[{"language": "python", "source": "print(input())", "stdin": "42"}]],
    )
    deadline_ms: int | None = Field(default=None, gt=0, le=MAX_DEADLINE_MS)
    """An item that is still waiting after this long is not started and fails as `unavailable`."""


class ItemProblem(BaseModel):
    """Stands in a batch's place of a result."""

    error: Problem


class BatchResponse(BaseModel):
    results: list[ExecutionResult | ItemProblem]


class Execution:
    """Runs what the routes are asked to run."""

    def __init__(self, pool: SandboxPool, metrics: Metrics, config: ServiceConfig) -> None:
        self._pool = pool
        self._metrics = metrics
        self.config = config

    async def one(
        self, request: ExecutionRequest, caller: Hashable, wait_s: float | None = None
    ) -> ExecutionResult:
        """Run one program.

        Args:
            caller: who takes turns with the other callers, see `SandboxPool.run`.
            wait_s: how long to wait for a turn; by default what the config says.

        Raises:
            SandboxError: it was not run, see `SandboxPool.run`, or asks for more than the ceiling.
        """
        limits = within_ceiling(request.limits, self.config.ceiling)
        started = time.monotonic()
        result = await self._pool.run(
            request.model_copy(update={"limits": limits}),
            caller=caller,
            wait_s=self.config.wait_s if wait_s is None else wait_s,
        )
        self._metrics.count(request, result, time.monotonic() - started)
        if result.outcome is Outcome.SANDBOX_ERROR:
            log.error("a sandbox failed: %s", result.stderr)
            return result.model_copy(update={"stderr": SANDBOX_FAILED})
        return result

    def many(self, batch: BatchRequest) -> AsyncGenerator[ExecutionResult | ItemProblem]:
        """Run a batch, results in its order; it takes its turns like a caller of its own.

        Raises:
            RequestTooLargeError: it has too many items.
            PoolFullError: its first items would find no place.
        """
        if len(batch.items) > self.config.max_batch_items:
            raise RequestTooLargeError(
                f"a batch of {len(batch.items)} items, at most {self.config.max_batch_items}"
            )
        if min(len(batch.items), BATCH_AHEAD) > self._pool.room:
            raise PoolFullError(f"{self._pool.pending} programs are waiting or running; try again later")
        deadline = None if batch.deadline_ms is None else time.monotonic() + batch.deadline_ms / 1e3
        caller = object()
        return in_order((self._item(item, caller, deadline) for item in batch.items), ahead=BATCH_AHEAD)

    async def _item(
        self, item: JsonValue, caller: Hashable, deadline: float | None
    ) -> ExecutionResult | ItemProblem:
        try:
            return await self.one(_checked(item), caller, _wait_s(deadline))
        except SandboxError as error:
            found = problem_of(error)
            self._metrics.count_problem(found)
            return ItemProblem(error=found)


def _wait_s(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise PoolFullError("no sandbox fell free before the batch's deadline; try again later")
    return left_s


def _checked(item: JsonValue) -> ExecutionRequest:
    try:
        return ExecutionRequest.model_validate(item)
    except ValidationError as error:
        raise RequestError(first_fault(error.errors(include_input=False))) from error
