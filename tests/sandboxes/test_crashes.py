"""SIGKILL of slots, of slots again and again, of the supervisor: no verdict is made up, and nothing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from sandboxes import ExecutionRequest, Limits, Outcome, SandboxPool
from sandboxes.conformance import survivors
from tests.cluster.processes import descendants, left_of
from tests.sandboxes.leaks import cgroups_of, mounts, until

BACK_S = 5.0
"""How soon after a crash all is well again."""
HELLO = ExecutionRequest(language="python", source="print(6 * 7)")
SUPERVISOR = """
import sys, threading
from sandboxes import ExecutionRequest, Limits, SandboxPool
backend, token = sys.argv[1:]
script = f"(setsid sh -c 'sleep 60; : {token}' &) ; sleep 60; : {token}"
request = ExecutionRequest(argv=("sh", "-c", script), limits=Limits(cpu_s=1, wall_s=60))
pool = SandboxPool.open(backend, workers=2)
for _ in range(6):
    threading.Thread(target=lambda: pool.run_sync(request), daemon=True).start()
sys.stdin.readline()
"""


@pytest.fixture
def own_pool() -> Iterator[SandboxPool]:
    with SandboxPool.open("zygote", workers=2) as opened:
        yield opened


@pytest.fixture
def slots(own_pool: SandboxPool) -> Callable[[], list[psutil.Process]]:
    """Tells the processes that `own_pool` has started itself."""
    before = set(psutil.Process().children())
    return lambda: [child for child in psutil.Process().children() if child not in before]


def sleepy(token: str) -> ExecutionRequest:
    limits = Limits(cpu_s=1, wall_s=30)
    return ExecutionRequest(argv=("sh", "-c", f"sleep 0.4; echo done; : {token}"), limits=limits)


@pytest.mark.parametrize("whole_families", [False, True], ids=["the-slots", "everything-in-them-too"])
def test_jobs_whose_slots_are_killed_run_again_and_the_pool_is_back(
    own_pool: SandboxPool, slots: Callable[[], list[psutil.Process]], whole_families: bool
) -> None:
    token = f"slot-killed-mark-{whole_families}"
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(own_pool.run_sync, sleepy(token)) for _ in range(4)]
        until(lambda: len(survivors(token)) >= 2, within_s=20)
        killed = [child for slot in slots() for child in (slot, *slot.children(recursive=True))]
        for process in killed if whole_families else slots():
            _kill(process)
        assert left_of((process.pid for process in killed), within_s=BACK_S) == []
        next_one = threads.submit(own_pool.run_sync, HELLO, caller="next")
        assert next_one.result(BACK_S).stdout == "42\n"
        assert [each.result().stdout for each in running] == ["done\n"] * 4
    assert survivors(token) == []


def test_a_job_that_is_killed_with_its_slot_every_time_is_our_error_and_no_verdict(
    own_pool: SandboxPool, slots: Callable[[], list[psutil.Process]]
) -> None:
    token = "slot-always-killed-mark"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(own_pool.run_sync, sleepy(token))
        while not running.done():
            if survivors(token):
                for slot in slots():
                    _kill(slot)
        assert running.result().outcome is Outcome.SANDBOX_ERROR
    assert own_pool.run_sync(HELLO).stdout == "42\n"


@pytest.mark.parametrize("ending", ["killed", "ended-without-closing"])
@pytest.mark.parametrize("backend", ["zygote", "bubblewrap"])
def test_nothing_outlives_the_supervisor(backend: str, ending: str, tmp_path: Path) -> None:
    token = f"supervisor-mark-{backend}-{ending}"
    mounted = mounts()
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, backend, token],
        stdin=subprocess.PIPE, start_new_session=True, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    until(lambda: len(survivors(token)) >= 2 * 2, within_s=20)
    family = descendants(supervisor.pid)
    if ending == "killed":
        supervisor.send_signal(signal.SIGKILL)
    supervisor.communicate(timeout=20)

    assert family
    assert left_of(family, within_s=BACK_S) == []
    assert survivors(token) == []
    assert mounts() == mounted
    assert os.listdir(tmp_path) == []
    with SandboxPool.open(backend) as pool:  # the next one sweeps up the cgroups
        assert cgroups_of(supervisor.pid) == ()
        assert pool.run_sync(HELLO).stdout == "42\n"


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return  # it went with its parent
