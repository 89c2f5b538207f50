"""What only shows from outside the sandbox: the machine's services, our secrets, what is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandboxes import ExecutionRequest, ExecutionResult, Limits, Outcome, SandboxPool
from sandboxes.cgroups import find_cgroups
from sandboxes.conformance import survivors
from sandboxes.errors import ToolchainMissingError
from sandboxes.interpreter import reachable
from sandboxes.languages import Language, require_tool
from sandboxes.pipeline import BinaryCache

CONNECT = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2)
    print("connected")
except OSError as error:
    print("refused")
"""

SUPERVISOR = """
import sys
from sandboxes import ExecutionRequest, Limits, SandboxPool
script = f"setsid sleep 60 & sleep 60 # {sys.argv[1]}"
with SandboxPool.open(sys.argv[2]) as pool:
    pool.run_sync(ExecutionRequest(argv=("sh", "-c", script), limits=Limits(wall_s=60)))
"""


def run(pool: SandboxPool, source: str, **limits: float) -> ExecutionResult:
    return pool.run_sync(
        ExecutionRequest(language="python", source=source, limits=Limits.model_validate(limits))
    )


def test_a_service_on_the_machines_loopback_cannot_be_reached(pool: SandboxPool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        command = ("python3", "connect.py", port)
        result = pool.run_sync(ExecutionRequest(argv=command, files={"connect.py": CONNECT}))
        outside = subprocess.run([sys.executable, "-c", CONNECT, port], capture_output=True, check=True)
    assert (result.stdout, outside.stdout) == ("refused\n", b"connected\n")


def test_our_environment_does_not_reach_the_program(
    pool: SandboxPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "secret-of-ours")
    look = "import os; print([open(f'/proc/{p}/environ').read() for p in os.listdir('/proc') if p.isdigit()])"
    result = run(pool, "import os; print(dict(os.environ))\n" + look)
    assert "secret-of-ours" not in result.stdout + result.stderr


@pytest.mark.parametrize("backend", ["zygote", "bubblewrap"])
def test_a_killed_supervisor_leaves_no_process(backend: str) -> None:
    token = f"killed-supervisor-mark-{backend}"
    command = [sys.executable, "-c", SUPERVISOR, token, backend]
    supervisor = subprocess.Popen(command, start_new_session=True)
    _until(lambda: len(survivors(token)) > 1)
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    _until(lambda: not survivors(token))
    with SandboxPool.open("bubblewrap"):  # the next one sweeps up the cgroups
        assert _groups_of(supervisor.pid) == []


def test_jobs_leave_no_descriptor_process_or_cgroup(pool: SandboxPool) -> None:
    run(pool, "1")
    before = len(os.listdir("/proc/self/fd")), _groups_of(os.getpid())
    for source in ("1", "1 / 0", "import os; os.kill(os.getpid(), 9)", "print('x' * 99999)"):
        run(pool, source, output_bytes=1000)
    assert (len(os.listdir("/proc/self/fd")), _groups_of(os.getpid())) == before


def test_limits_are_called_hard_only_where_the_kernel_counts_the_whole_job(pool: SandboxPool) -> None:
    hard = set(run(pool, "1").hard_limits)
    assert {"wall_s", "output_bytes", "disk_mb", "pids"} <= hard
    assert ({"memory_mb", "cpu_s"} <= hard) == (find_cgroups() is not None)


def test_the_order_of_a_set_repeats_from_run_to_run(pool: SandboxPool) -> None:
    source = "print(*{'a', 'b', 'c', 'd', 'e', 'f'})"
    assert len({run(pool, source).stdout for _ in range(3)}) == 1


def test_a_missing_compiler_says_how_to_get_it() -> None:
    language = Language("fortran", "main.f90", "no-such-compiler", ("./main",), "apt-get install gfortran")
    with pytest.raises(ToolchainMissingError, match=r"no-such-compiler is not in .*gfortran"):
        require_tool(language, ("/usr/bin",))


def test_a_binary_is_kept_and_runs_with_other_input(pool: SandboxPool) -> None:
    source = '#include <cstdio>\nint main() { int x; std::scanf("%d", &x); std::printf("%d", x * 2); }'
    results = [
        pool.run_sync(ExecutionRequest(language="cpp", source=source, stdin=number)) for number in ("4", "5")
    ]
    assert [result.stdout for result in results] == ["8", "10"]


def test_a_binary_that_fills_the_jobs_disk_is_the_programs_fault(pool: SandboxPool) -> None:
    source = "char block[20 << 20] = {1};\nint main() {}"
    limits = Limits(disk_mb=16)
    result = pool.run_sync(ExecutionRequest(language="cpp", source=source, limits=limits))
    assert result.outcome is Outcome.COMPILE_ERROR
    assert "its limits leave" in result.stderr


def test_the_least_recently_used_binary_goes_first() -> None:
    cache = BinaryCache(max_bytes=10)
    for name in ("a", "b"):
        cache.put(name, b"12345")
    cache.get("a")
    cache.put("c", b"12345")
    assert [cache.get(name) != b"" for name in "abc"] == [True, False, True]


def test_a_folder_closed_to_others_is_not_reachable_for_another_uid(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("")
    tool.chmod(0o755)
    tmp_path.chmod(0o700)
    assert reachable(str(tool), everybody=False)
    assert not reachable(str(tool), everybody=True)


def _groups_of(pid: int) -> list[str]:
    cgroups = find_cgroups()
    parents = set(cgroups.parents.values()) if cgroups else set()
    return [folder.name for parent in parents for folder in parent.glob(f"sandbox-{pid}-*")]


def _until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
