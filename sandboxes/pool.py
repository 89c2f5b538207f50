"""A pool of sandboxes: many callers, few programs at a time.

    asyncio callers --run-------.
    threads ---------run_sync---+--> waiting, first come first served --> N at a time --> backend

The pool owns one thread with an event loop, in which the backend lives; so it can be called from any event
loop, any thread, and from several at once. Waiting never counts against a program: its clock starts inside
the sandbox. A `sandbox_error` is tried once more and then surfaced.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from sandboxes.base import Backend
from sandboxes.errors import PoolClosedError, PoolFullError
from sandboxes.registry import open_backend
from sandboxes.types import ExecutionRequest, ExecutionResult, Outcome

MAX_PENDING = 4096
TRIES = 2
CLOSE_S = 30.0


class SandboxPool:
    """Runs requests on `workers` sandboxes at a time. Close it, or use it in a `with`."""

    def __init__(self, backend: Backend, *, workers: int = 1, max_pending: int = MAX_PENDING) -> None:
        """Take over an open backend; closing the pool closes it."""
        self._backend = backend
        self._max_pending = max_pending
        self._slots = asyncio.Semaphore(workers)
        self._pending = 0
        self._closed = False
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="sandbox-pool", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, backend: str = "auto", *, workers: int = 1, allow_unsafe: bool = False) -> Self:
        """Open a backend by name and a pool around it; raises what `open_backend` raises."""
        return cls(open_backend(backend, workers=workers, allow_unsafe=allow_unsafe), workers=workers)

    @property
    def backend_name(self) -> str:
        return self._backend.name

    @property
    def pending(self) -> int:
        """Requests that wait or run."""
        return self._pending

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        """Run one program; cancelling the call ends the program.

        Raises:
            PoolFullError: `max_pending` requests are waiting or running already.
            PoolClosedError: the pool is closed, or was while this waited.
            RequestError, ToolchainMissingError: see `sandboxes.errors`.
        """
        return await asyncio.wrap_future(self._submit(request))

    def run_sync(self, request: ExecutionRequest) -> ExecutionResult:
        """The same from a thread without an event loop; how long it can take is bounded by the limits of the
        programs before it."""
        return self._submit(request).result()

    def close(self) -> None:
        """End what runs, refuse what waits, close the backend. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._end_all(), self._loop).result(CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        self._loop.run_forever()
        self._loop.close()
        self._backend.close()

    def _submit(self, request: ExecutionRequest) -> Future[ExecutionResult]:
        with self._lock:
            if self._closed:
                raise PoolClosedError("the sandbox pool is closed")
            if self._pending >= self._max_pending:
                raise PoolFullError(f"{self._pending} programs are waiting or running; try again later")
            self._pending += 1
            done = asyncio.run_coroutine_threadsafe(self._work(request), self._loop)
        done.add_done_callback(self._forget)
        return done

    def _forget(self, _: Future[ExecutionResult]) -> None:
        with self._lock:
            self._pending -= 1

    async def _work(self, request: ExecutionRequest) -> ExecutionResult:
        try:
            async with self._slots:
                for _ in range(TRIES):
                    result = await self._backend.run(request)
                    if result.outcome is not Outcome.SANDBOX_ERROR:
                        break
                return result
        except asyncio.CancelledError:
            if self._closed:
                raise PoolClosedError("the sandbox pool was closed while the program waited or ran") from None
            raise

    async def _end_all(self) -> None:
        """Cancel all work and wait until it has cleaned up after itself."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
