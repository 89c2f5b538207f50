"""Many callers, few workers, from event loops and threads."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandboxes import ExecutionRequest, ExecutionResult, Limits, Outcome, SandboxPool
from sandboxes.base import BackendConfig
from sandboxes.conformance import survivors
from sandboxes.errors import PoolClosedError, PoolFullError, UnknownLanguageError
from sandboxes.scripted_backend import ScriptedBackend, answer


def request(number: int) -> ExecutionRequest:
    return ExecutionRequest(argv=("echo", str(number)))


def test_many_threads_each_get_their_own_answer(warm_pool: SandboxPool) -> None:
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda number: warm_pool.run_sync(request(number)), range(16)))
    assert [result.stdout.strip() for result in results] == [str(number) for number in range(16)]


def test_several_event_loops_share_one_pool(warm_pool: SandboxPool) -> None:
    async def several(first: int) -> list[str]:
        results = await asyncio.gather(*(warm_pool.run(request(first + k)) for k in range(4)))
        return [result.stdout.strip() for result in results]

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda first: asyncio.run(several(first)), (0, 100)))
    assert answers == [["0", "1", "2", "3"], ["100", "101", "102", "103"]]


def test_waiting_in_the_queue_does_not_count_against_a_program(warm_pool: SandboxPool) -> None:
    limits = Limits(cpu_s=1, wall_s=0.9)
    sleepy = ExecutionRequest(argv=("sleep", "0.5"), limits=limits)
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: warm_pool.run_sync(sleepy), range(4)))
    assert [result.outcome for result in results] == [Outcome.OK] * 4


def test_a_sandbox_error_is_tried_once_more() -> None:
    backend = ScriptedBackend([answer(Outcome.SANDBOX_ERROR), answer(Outcome.OK)])
    with SandboxPool(backend) as pool:
        assert pool.run_sync(request(1)).outcome is Outcome.OK
    assert len(backend.requests) == 2


def test_a_sandbox_error_that_stays_is_surfaced_and_never_a_verdict() -> None:
    backend = ScriptedBackend([answer(Outcome.SANDBOX_ERROR)] * 2)
    with SandboxPool(backend) as pool:
        assert pool.run_sync(request(1)).outcome is Outcome.SANDBOX_ERROR


def test_a_programs_own_failure_is_not_tried_again() -> None:
    backend = ScriptedBackend([answer(Outcome.RUNTIME_ERROR)])
    with SandboxPool(backend) as pool:
        assert pool.run_sync(request(1)).outcome is Outcome.RUNTIME_ERROR
    assert len(backend.requests) == 1


def test_a_full_pool_says_so_at_once() -> None:
    with SandboxPool(ScriptedBackend([], wait_s=30), max_pending=2) as pool, ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(pool.run_sync, request(k)) for k in range(2)]
        _until(lambda: pool.pending == 2)
        with pytest.raises(PoolFullError, match="2 programs"):
            pool.run_sync(request(3))
        pool.close()
        assert all(isinstance(each.exception(), PoolClosedError) for each in waiting)


def test_closing_twice_is_fine_and_a_closed_pool_takes_nothing() -> None:
    backend = ScriptedBackend([])
    pool = SandboxPool(backend)
    pool.close()
    pool.close()
    assert backend.closed
    with pytest.raises(PoolClosedError):
        pool.run_sync(request(1))


def test_an_unknown_language_reaches_the_caller_as_an_error(warm_pool: SandboxPool) -> None:
    with pytest.raises(UnknownLanguageError, match="have python, cpp"):
        warm_pool.run_sync(ExecutionRequest(language="cobol", source="x"))


def test_cancelling_a_call_ends_its_program(warm_pool: SandboxPool) -> None:
    token = "cancelled-program-mark"
    script = ExecutionRequest(argv=("sh", "-c", f"sleep 60 # {token}"), limits=Limits(cpu_s=1, wall_s=60))

    async def call_and_cancel() -> None:
        call = asyncio.create_task(warm_pool.run(script))
        await asyncio.to_thread(_until, lambda: bool(survivors(token)))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(call_and_cancel())
    _until(lambda: not survivors(token))


def test_closing_the_pool_ends_what_runs() -> None:
    token = "closed-program-mark"
    script = ExecutionRequest(argv=("sh", "-c", f"sleep 60 # {token}"), limits=Limits(cpu_s=1, wall_s=60))
    with ThreadPoolExecutor(1) as threads:
        pool = SandboxPool.open("bubblewrap")
        running = threads.submit(pool.run_sync, script)
        _until(lambda: bool(survivors(token)))
        pool.close()
        assert isinstance(running.exception(), PoolClosedError)
    assert survivors(token) == []


@pytest.mark.parametrize("backend", ["zygote", "bubblewrap"])
def test_a_pool_can_be_opened_and_closed_inside_a_running_event_loop(backend: str) -> None:
    async def program() -> str:
        with SandboxPool.open(backend) as pool:
            return (await pool.run(request(1))).stdout

    assert asyncio.run(program()) == "1\n"


def test_a_third_partys_backend_is_opened_by_its_path() -> None:
    with SandboxPool.open(f"{__name__}:EchoBackend") as pool:
        assert pool.run_sync(request(7)).stdout == "echo 7"


class EchoBackend(ScriptedBackend):
    def __init__(self, config: BackendConfig) -> None:
        super().__init__([])

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        return answer(Outcome.OK, stdout=" ".join(request.argv or ()))


def _until(holds, within_s: float = 20.0) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
