"""Slots of the zygote backend: what happens to them never happens to a job or to the pool."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandboxes import ExecutionRequest, Limits, Outcome, SandboxPool
from sandboxes.cgroups import find_cgroups
from sandboxes.supervise import GRACE_S

HELLO = ExecutionRequest(language="python", source="print(6 * 7)")
LONGER_THAN_GRACE = ExecutionRequest(argv=("sleep", str(GRACE_S + 0.3)), limits=Limits(cpu_s=1, wall_s=30))
SLEEP = ExecutionRequest(argv=("sleep", "0.5"), limits=Limits(cpu_s=1, wall_s=30))


@pytest.fixture
def own_pool() -> Iterator[SandboxPool]:
    with SandboxPool.open("zygote", workers=1) as opened:
        yield opened


def test_a_slot_that_is_killed_between_jobs_is_replaced(own_pool: SandboxPool) -> None:
    own_pool.run_sync(HELLO)
    for pid in _zygotes():
        os.kill(pid, signal.SIGKILL)
    assert own_pool.run_sync(HELLO).stdout == "42\n"


def test_a_job_whose_slot_is_killed_runs_again(own_pool: SandboxPool) -> None:
    own_pool.run_sync(HELLO)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own_pool.run_sync, SLEEP)
        _until(lambda: _descendant_named("sleep"))
        for pid in _zygotes():
            os.kill(pid, signal.SIGKILL)
        assert running.result().outcome is Outcome.OK


def test_a_slot_serves_one_job_after_the_other(own_pool: SandboxPool) -> None:
    own_pool.run_sync(HELLO)
    before = _zygotes()
    assert [own_pool.run_sync(HELLO).outcome for _ in range(3)] == [Outcome.OK] * 3
    assert _zygotes() == before


def test_output_found_too_long_after_its_job_leaves_the_next_job_alone(
    own_pool: SandboxPool,
) -> None:
    own_pool.run_sync(HELLO)
    before = _zygotes()
    chatty = HELLO.model_copy(update={"limits": Limits(output_bytes=1)})
    for _ in range(3):
        assert own_pool.run_sync(chatty).outcome is Outcome.OUTPUT_LIMIT
        # lasts longer than the grace after which a job that was told to stop is killed
        assert own_pool.run_sync(LONGER_THAN_GRACE).outcome is Outcome.OK
    assert _zygotes() == before


def test_the_memory_of_one_job_is_not_counted_with_the_next(own_pool: SandboxPool) -> None:
    limits = Limits(memory_mb=128, disk_mb=64)
    source = "open('/tmp/big', 'wb').write(b'x' * (48 << 20)); x = bytearray(b'x') * (48 << 20)"
    big = ExecutionRequest(language="python", source=source, limits=limits)
    assert [own_pool.run_sync(big).outcome for _ in range(3)] == [Outcome.OK] * 3
    if find_cgroups() is not None:
        small = own_pool.run_sync(ExecutionRequest(language="python", source="1", limits=limits))
        assert small.peak_memory_mb < 40


def test_limits_may_grow_and_shrink_from_job_to_job(own_pool: SandboxPool) -> None:
    source = "x = bytearray(b'x') * (100 << 20); print('done')"
    outcomes = [
        own_pool.run_sync(
            ExecutionRequest(language="python", source=source, limits=Limits(memory_mb=memory_mb))
        ).outcome
        for memory_mb in (64, 256, 64, 256)
    ]
    assert outcomes == [Outcome.MEMORY_LIMIT, Outcome.OK] * 2


def test_the_first_job_of_a_slot_is_held_to_its_limits_like_all_others() -> None:
    source = "x = bytearray(b'x') * (100 << 20); print('done')"
    request = ExecutionRequest(language="python", source=source, limits=Limits(memory_mb=64))
    for _ in range(5):
        with SandboxPool.open("zygote", workers=1) as pool:
            assert pool.run_sync(request).outcome is Outcome.MEMORY_LIMIT


def test_closing_the_pool_ends_its_slots() -> None:
    with SandboxPool.open("zygote", workers=1) as pool:
        pool.run_sync(HELLO)
        mine = _zygotes()
    _until(lambda: not mine & _zygotes())


def _zygotes() -> set[int]:
    """Our children that are slots' outermost processes."""
    return {pid for pid in _children(os.getpid()) if "warm_python" in _command(pid)}


def _descendant_named(name: str) -> bool:
    waiting = [os.getpid()]
    while waiting:
        children = _children(waiting.pop())
        if any(_command(pid).startswith(name) for pid in children):
            return True
        waiting += children
    return False


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, path.read_text().split())
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
