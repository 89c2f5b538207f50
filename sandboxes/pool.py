"""A pool of sandboxes: many callers, few programs at a time.

    asyncio callers --run-------.
    threads ---------run_sync---+--> waiting, callers in rotation --> N at a time --> backend

The pool owns one thread with an event loop, in which the backend lives; so it can be called from any event
loop, any thread, and from several at once. Waiting never counts against a program: its clock starts inside
the sandbox. A `sandbox_error` is tried once more and then surfaced. A pool does not cross into other
processes: each opens its own.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Hashable
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Self

from sandboxes.base import Backend
from sandboxes.errors import PoolClosedError, PoolFullError
from sandboxes.registry import open_backend
from sandboxes.turns import Turns
from sandboxes.types import ExecutionRequest, ExecutionResult, Outcome

MAX_PENDING = 4096
WAIT_S = 3600.0
"""How long a request waits for its turn when its caller does not say."""
KEPT_FOR_OTHERS = 8
"""One of so many places in the queue is out of reach for a single caller who fills the rest."""
TRIES = 2
CLOSE_S = 30.0


class SandboxPool:
    """Runs requests on `workers` sandboxes at a time. Close it, or use it in a `with`."""

    def __init__(self, backend: Backend, *, workers: int = 1, max_pending: int = MAX_PENDING) -> None:
        """Take over an open backend; closing the pool closes it."""
        self._backend = backend
        self._max_pending = max_pending
        self._share = max_pending - max_pending // KEPT_FOR_OTHERS
        self._turns = Turns(workers)
        self._pending = 0
        self._pending_of: Counter[Hashable] = Counter()
        self._process = os.getpid()
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

    @property
    def room(self) -> int:
        """Requests that a caller who has none here yet may hand over now."""
        return min(self._max_pending - self._pending, self._share)

    async def run(
        self, request: ExecutionRequest, *, caller: Hashable = None, wait_s: float = WAIT_S
    ) -> ExecutionResult:
        """Run one program; cancelling the call ends the program.

        Args:
            caller: on whose behalf. Callers take turns, whatever each has waiting; by default those are told
                apart who call from different threads (and so from different event loops).
            wait_s: how long to wait for a turn at most; the program's own time begins after that.

        Raises:
            PoolFullError: the queue is full, or this caller's share of it, or no turn came within `wait_s`.
            PoolClosedError: the pool is closed, or was while this waited, or belongs to another process.
            RequestError, ToolchainMissingError: see `sandboxes.errors`.
        """
        return await asyncio.wrap_future(self._submit(request, caller, wait_s))

    def run_sync(
        self, request: ExecutionRequest, *, caller: Hashable = None, wait_s: float = WAIT_S
    ) -> ExecutionResult:
        """The same from a thread without an event loop; it takes no longer than `wait_s` and the limits of
        the program allow."""
        return self._submit(request, caller, wait_s).result()

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

    def _submit(self, request: ExecutionRequest, caller: Hashable, wait_s: float) -> Future[ExecutionResult]:
        if os.getpid() != self._process:
            raise PoolClosedError("a sandbox pool cannot be used in a forked process: open one there")
        caller = threading.get_ident() if caller is None else caller
        with self._lock:
            if self._closed:
                raise PoolClosedError("the sandbox pool is closed")
            self._require_place(caller)
            self._pending += 1
            self._pending_of[caller] += 1
            done = asyncio.run_coroutine_threadsafe(self._work(request, caller, wait_s), self._loop)
        done.add_done_callback(partial(self._forget, caller))
        return done

    def _require_place(self, caller: Hashable) -> None:
        if self._pending >= self._max_pending:
            raise PoolFullError(f"{self._pending} programs are waiting or running; try again later")
        if self._pending_of[caller] >= self._share:
            raise PoolFullError(
                f"{self._share} programs of this caller are waiting or running; try again later"
            )

    def _forget(self, caller: Hashable, _: Future[ExecutionResult]) -> None:
        with self._lock:
            self._pending -= 1
            self._pending_of[caller] -= 1
            if not self._pending_of[caller]:
                del self._pending_of[caller]

    async def _work(self, request: ExecutionRequest, caller: Hashable, wait_s: float) -> ExecutionResult:
        try:
            await self._take_turn(caller, wait_s)
            try:
                return await self._run(request)
            finally:
                self._turns.give_back()
        except asyncio.CancelledError:
            if self._closed:
                raise PoolClosedError("the sandbox pool was closed while the program waited or ran") from None
            raise

    async def _take_turn(self, caller: Hashable, wait_s: float) -> None:
        try:
            await self._turns.take(caller, wait_s)
        except TimeoutError as error:
            raise PoolFullError(f"no sandbox fell free within {wait_s:g} s; try again later") from error

    async def _run(self, request: ExecutionRequest) -> ExecutionResult:
        for _ in range(TRIES):
            result = await self._backend.run(request)
            if result.outcome is not Outcome.SANDBOX_ERROR:
                break
        return result

    async def _end_all(self) -> None:
        """Cancel all work and wait until it has cleaned up after itself."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
