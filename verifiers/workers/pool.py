"""A pool of worker processes: requests go in, verdicts come out, whatever the model wrote.

    grade(request) -> wait for a free worker -> ask it -> Verdict
                        |                        '-- crashed or late: a fresh worker, then `undecided`
                        '-- queue full, or deadline passed while waiting: VerifierUnavailableError

Lives on one event loop. Waiting may be bounded by number and by deadline, and work whose deadline has
passed, or whose caller was cancelled while it waited, is not started. Work that was started is finished even
if nobody waits for it any more: that costs less than a new worker process.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

from verifiers.errors import (
    UnknownVerifierError,
    VerifierSetupError,
    VerifierUnavailableError,
    error_from_kind,
)
from verifiers.registry import plugin_table, requested_verifier
from verifiers.types import Verdict, VerifyRequest
from verifiers.workers.worker import Worker, WorkerCrashedError, WorkerTimeoutError

ATTEMPTS = 2
SELF_TEST_LIMIT_S = 120.0


class WorkerPool:
    """Use as an async context manager, or call `start` and `close`.

    Args:
        table: name -> `module:Class`; None is every verifier of ours.
        workers: number of processes.
        max_waiting: requests that may wait for a free worker; one more is refused. None: as many as come.
    """

    def __init__(
        self, table: Mapping[str, str] | None = None, *, workers: int, max_waiting: int | None = None
    ) -> None:
        self.table = dict(plugin_table({}) if table is None else table)
        self._workers = [Worker(self.table) for _ in range(workers)]
        self._max_waiting = max_waiting
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._grading: set[asyncio.Task[Verdict]] = set()
        self._closed = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.in_flight = 0
        """Requests waiting or being graded."""
        self.waiting = 0

    @property
    def verifiers(self) -> dict[str, dict[str, Any]]:
        """What each verifier says about itself: version, digest, wall_limit_s, options, about."""
        return next((worker.verifiers for worker in self._workers if worker.verifiers), {})

    @property
    def worker_pids(self) -> list[int]:
        return [worker.pid for worker in self._workers if worker.pid is not None]

    async def start(self) -> None:
        """Start the processes.

        Raises:
            VerifierSetupError: one of them does not start.
        """
        try:
            starts = (worker.start() for worker in self._workers)
            for failure in filter(None, await asyncio.gather(*starts, return_exceptions=True)):
                raise failure
        except BaseException:  # cancelled, too: those that had started would stay
            await self.close()
            raise
        for worker in self._workers:
            self._free.put_nowait(worker)

    async def drain(self, limit_s: float) -> bool:
        """Wait until nothing is in flight; False if something still is after `limit_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._quiet.wait()
        return self.in_flight == 0

    async def close(self) -> None:
        """Kill the processes. Requests still in flight fail; drain first if they matter."""
        self._closed = True
        for task in self._grading:
            task.cancel()
        await asyncio.gather(*self._grading, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def grade(self, request: VerifyRequest, *, deadline: float | None = None) -> Verdict:
        """Grade one request.

        Args:
            deadline: on the clock of `time.monotonic`; a request that is still waiting then is not started.

        Raises:
            UnknownVerifierError: no such verifier in this pool.
            GroundTruthError: the reference is malformed.
            VerifierUnavailableError: the queue is full, the deadline passed while waiting, or the pool was
                closed.
        """
        name = requested_verifier(request)
        if name not in self.table:
            raise UnknownVerifierError(f"no verifier {name!r} here; have {', '.join(sorted(self.table))}")
        if self._max_waiting is not None and self.waiting >= self._max_waiting and self._free.empty():
            raise VerifierUnavailableError(f"{self.waiting} requests are waiting, which is the limit")
        with self._counted():
            worker = await self._next_free(deadline)
            grading = asyncio.create_task(self._grade_and_release(worker, name, request, deadline))
            self._grading.add(grading)
            grading.add_done_callback(self._forget)
            await asyncio.wait((grading,))  # goes on if its caller leaves
        if grading.cancelled():
            raise VerifierUnavailableError("the pool was closed")
        return grading.result()

    async def self_test(self, name: str) -> None:
        """Have one worker grade the examples of a verifier.

        Raises:
            VerifierSetupError: an example got another score than it should, or the worker failed.
        """
        worker = await self._next_free(None)
        try:
            await self._make_ready(worker)
            reply = await worker.ask({"op": "self_test", "verifier": name}, SELF_TEST_LIMIT_S)
        except (WorkerCrashedError, WorkerTimeoutError) as error:
            raise VerifierSetupError(f"verifier {name!r} failed on its own examples: {error}") from error
        finally:
            self._free.put_nowait(worker)
        if failure := reply.get("error"):
            raise VerifierSetupError(f"verifier {name!r} failed on its own examples: {failure['detail']}")

    async def _next_free(self, deadline: float | None) -> Worker:
        self.waiting += 1
        try:
            async with asyncio.timeout(None if deadline is None else max(0.0, deadline - time.monotonic())):
                worker = await self._free.get()
        except TimeoutError:
            raise VerifierUnavailableError("no worker became free before the deadline") from None
        finally:
            self.waiting -= 1
        if _is_past(deadline):  # a busy loop may see both at once
            self._free.put_nowait(worker)
            raise VerifierUnavailableError("no worker became free before the deadline")
        return worker

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self.in_flight += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._quiet.set()

    def _forget(self, grading: asyncio.Task[Verdict]) -> None:
        self._grading.discard(grading)
        if not grading.cancelled():
            grading.exception()  # its caller may have left; then nobody else would look at it

    async def _grade_and_release(
        self, worker: Worker, name: str, request: VerifyRequest, deadline: float | None
    ) -> Verdict:
        try:
            return await self._grade_on(worker, name, request, deadline)
        finally:
            self._free.put_nowait(worker)

    async def _grade_on(
        self, worker: Worker, name: str, request: VerifyRequest, deadline: float | None
    ) -> Verdict:
        start = time.perf_counter()
        message = {"op": "grade", "request": request.model_dump(mode="json")}
        failures: list[str] = []
        while len(failures) < ATTEMPTS:
            await self._make_ready(worker)
            try:
                reply = await worker.ask(message, worker.verifiers[name]["wall_limit_s"])
            except WorkerTimeoutError:
                failures.append("grader_timeout")
            except WorkerCrashedError:
                failures.append("grader_crashed")
            else:
                return _read_reply(reply)
            if _is_past(deadline):
                break
        about = worker.verifiers[name]
        return Verdict.undecided(failures[-1], attempts=len(failures)).model_copy(
            update={
                "verifier": name,
                "version": about["version"],
                "digest": about["digest"],
                "elapsed_ms": round((time.perf_counter() - start) * 1e3, 3),
            }
        )

    async def _make_ready(self, worker: Worker) -> None:
        if worker.is_running:
            return
        if self._closed:
            raise VerifierUnavailableError("the pool is closed")
        try:
            await worker.start()
        except VerifierSetupError as error:
            raise VerifierUnavailableError(f"a worker cannot be replaced: {error}") from error


def _read_reply(reply: dict[str, Any]) -> Verdict:
    if failure := reply.get("error"):
        raise error_from_kind(failure["kind"], failure["detail"])
    return Verdict.model_validate(reply["verdict"])


def _is_past(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline
