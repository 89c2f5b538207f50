"""How fast the backends of this machine are, beside plain interpreters, in one run.

    rounds of {bare python, bubblewrap + python, each backend once} -> medians
    N jobs by W threads -> jobs a second

The program is as trivial as can be (it echoes a line), so what is measured is the sandbox. Rounds are
interleaved, so that a load that comes and goes falls on all alike; compare the ratios, not the milliseconds.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial

from pydantic import BaseModel, ConfigDict

from sandboxes.bubblewrap import Bubblewrap, Inner
from sandboxes.errors import BackendUnavailableError, SandboxError
from sandboxes.interpreter import find_interpreter
from sandboxes.pool import SandboxPool
from sandboxes.registry import AUTO
from sandboxes.types import ExecutionRequest, Outcome

PROGRAM = "print(input())"
ECHO = ExecutionRequest(language="python", source=PROGRAM, stdin=b"x\n")
BARE = "python -I -S"
BOXED = "bubblewrap + python -I -S"
PLAIN_TIMEOUT_S = 60.0
WARM_UP = 3


class Measure(BaseModel):
    """One line of the benchmark."""

    model_config = ConfigDict(frozen=True)

    name: str
    unit: str
    value: float
    baseline_name: str
    baseline: float
    ratio: float
    runs: int
    command: str
    machine: str


def bench(runs: int, workers: int, command: str, backends: Sequence[str] = AUTO) -> list[Measure]:
    """Measure backends, by default those that `auto` may choose.

    Args:
        runs: rounds for the medians, and jobs per worker for the throughput.
        workers: sandboxes at a time for the throughput.
        command: how to repeat it; goes into the measures.
        backends: names as `open_backend` takes them.
    """
    with ExitStack() as stack:
        plain = _plain_interpreters()
        pools = {name: stack.enter_context(SandboxPool.open(name)) for name in backends}
        medians_ms = _medians_ms(plain | {name: partial(_run_in, pool) for name, pool in pools.items()}, runs)
    rows = [
        (f"sandbox/{name}/median", "ms", medians_ms[name], baseline, medians_ms[baseline])
        for name in backends
        for baseline in plain
    ]
    bare_per_s = _per_second(plain[BARE], runs, workers)
    for name in backends:
        with SandboxPool.open(name, workers=workers) as pool:
            value = _per_second(partial(_run_in, pool), runs, workers)
        rows.append((f"sandbox/{name}/{workers} workers", "1/s", value, BARE, bare_per_s))
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, {'root' if os.geteuid() == 0 else 'plain user'}"
    return [
        Measure(
            name=name,
            unit=unit,
            value=round(value, 3),
            baseline_name=baseline_name,
            baseline=round(baseline, 3),
            ratio=round(value / baseline, 3),
            runs=runs,
            command=command,
            machine=machine,
        )
        for name, unit, value, baseline_name, baseline in rows
    ]


def _medians_ms(subjects: dict[str, Callable[[], None]], runs: int) -> dict[str, float]:
    times_ms: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(WARM_UP + runs):
        for name, run in subjects.items():
            started = time.perf_counter()
            run()
            if number >= WARM_UP:
                times_ms[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in times_ms.items()}


def _per_second(run: Callable[[], None], runs: int, workers: int) -> float:
    def several(count: int) -> None:
        for _ in range(count):
            run()

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(several, [WARM_UP] * workers))
        started = time.perf_counter()
        list(threads.map(several, [runs] * workers))
        return runs * workers / (time.perf_counter() - started)


def _run_in(pool: SandboxPool) -> None:
    result = pool.run_sync(ECHO)
    if (result.outcome, result.stdout) != (Outcome.OK, "x\n"):
        raise SandboxError(f"the benchmark's program ended with {result.outcome}: {result.stderr}")


def _plain_interpreters() -> dict[str, Callable[[], None]]:
    """The same program without a pool: bare, and in a fresh bubblewrap where that is installed."""
    python = find_interpreter(as_other_uid=os.geteuid() == 0).executable
    bare = (python, "-I", "-S", "-c", PROGRAM)
    found: dict[str, Callable[[], None]] = {BARE: partial(_run_command, bare)}
    with suppress(BackendUnavailableError):
        found[BOXED] = partial(_run_command, Bubblewrap.find().command(Inner(bare)))
    return found


def _run_command(command: Sequence[str]) -> None:
    subprocess.run(command, input=b"x\n", capture_output=True, check=True, timeout=PLAIN_TIMEOUT_S)
