"""Many callers, few workers, from event loops and threads."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

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


def test_a_single_request_is_not_kept_waiting_by_a_caller_with_thousands() -> None:
    async def program(pool: SandboxPool) -> None:
        hog = [asyncio.ensure_future(pool.run(request(k), caller="hog")) for k in range(3000)]
        await asyncio.sleep(0)  # all of them stand in the queue, and the first few run meanwhile
        await pool.run(request(-1), caller="other")
        pool.close()
        await asyncio.gather(*hog, return_exceptions=True)

    backend = ScriptedBackend([], wait_s=0.02)
    with SandboxPool(backend) as pool:
        asyncio.run(program(pool))
    assert len(backend.requests) < 1000


def test_callers_take_turns_and_each_ones_requests_keep_their_order() -> None:
    backend = ScriptedBackend([], wait_s=0.001)

    async def program(pool: SandboxPool) -> None:
        calls = [pool.run(request(k), caller=k // 100) for k in (0, 1, 2, 3, 100, 101, 200)]
        await asyncio.gather(*calls)

    with SandboxPool(backend) as pool:
        asyncio.run(program(pool))
    numbers = [int((each.argv or ("", "-1"))[1]) for each in backend.requests]
    assert numbers == [0, 1, 100, 200, 2, 101, 3]


def test_a_caller_cannot_take_the_whole_queue_from_the_others() -> None:
    with SandboxPool(ScriptedBackend([], wait_s=30), max_pending=16) as pool:

        async def program() -> None:
            calls = [asyncio.ensure_future(pool.run(request(k), caller="hog")) for k in range(14)]
            await asyncio.sleep(0)
            with pytest.raises(PoolFullError, match="14 programs of this caller"):
                await pool.run(request(14), caller="hog")
            others = asyncio.ensure_future(pool.run(request(15), caller="other"))
            await asyncio.sleep(0)
            assert pool.pending == 15
            pool.close()
            await asyncio.gather(*calls, others, return_exceptions=True)

        asyncio.run(program())


def test_a_request_that_gets_no_turn_in_time_says_so_and_leaves_the_queue() -> None:
    backend = ScriptedBackend([], wait_s=0.2)
    with SandboxPool(backend) as pool, ThreadPoolExecutor(1) as threads:
        first = threads.submit(pool.run_sync, request(1))
        _until(lambda: len(backend.requests) == 1)
        with pytest.raises(PoolFullError, match=r"within 0\.01 s"):
            pool.run_sync(request(2), wait_s=0.01)
        assert first.result().outcome is Outcome.OK
        assert pool.run_sync(request(3)).outcome is Outcome.OK
    assert [each.argv for each in backend.requests] == [("echo", "1"), ("echo", "3")]


def test_requests_that_are_cancelled_while_they_wait_cost_no_place() -> None:
    async def program(pool: SandboxPool) -> list[Outcome]:
        calls = [asyncio.ensure_future(pool.run(request(k))) for k in range(40)]
        await asyncio.sleep(0.01)
        for call in calls[::2]:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return [(await pool.run(request(k))).outcome for k in range(4)]

    with SandboxPool(ScriptedBackend([], wait_s=0.002), workers=2) as pool:
        assert asyncio.run(program(pool)) == [Outcome.OK] * 4
        assert pool.pending == 0


def test_processes_that_were_spawned_each_have_a_pool_of_their_own() -> None:
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawned) as processes:
        assert list(processes.map(_run_in_own_pool, ("4", "5"))) == ["16\n", "25\n"]


def test_a_forked_process_is_told_that_the_pool_is_not_its_own(warm_pool: SandboxPool) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            warm_pool.run_sync(request(1))
        except PoolClosedError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


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


def _run_in_own_pool(number: str) -> str:
    with SandboxPool.open() as pool:
        square = ExecutionRequest(language="python", source="print(int(input()) ** 2)", stdin=number)
        return pool.run_sync(square).stdout


def _until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
