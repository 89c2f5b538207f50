"""How fast the backends of this machine are, beside plain interpreters, in one run.

    rounds of {bare python, bubblewrap + python, each backend once} -> medians
    N jobs, one at a time -> CPU time of a job
    N jobs in W sandboxes at a time -> jobs a second

The program is as trivial as can be (it echoes a line), so what is measured is the sandbox. Rounds are
interleaved, so that a load that comes and goes falls on all alike; compare the ratios, not the milliseconds.
The CPU time, ours and that of all we started, says how many jobs a core can do at most.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from math import ceil

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
CPU_ROUNDS = 5
ENDED_BY_OTHERS = frozenset({"docker", "docker-strict"})
"""Backends whose jobs are not our descendants, so that their CPU time is not told to us."""
CALLERS_PER_WORKER = 2
"""So that no sandbox waits for its next program."""


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
        runs: rounds for the medians, and at least so many jobs per sandbox for the throughput.
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
    counted = {name: partial(_in_own_pool, name) for name in backends if name not in ENDED_BY_OTHERS}
    cpu_ms = _cpu_ms({BARE: partial(_repeat, plain[BARE]), **counted}, runs)
    rows += [(f"sandbox/{name}/cpu", "ms", cpu_ms[name], BARE, cpu_ms[BARE]) for name in counted]
    bare_per_s = _per_second(plain[BARE], runs, workers)
    for name in backends:
        with SandboxPool.open(name, workers=workers) as pool:
            callers = workers * CALLERS_PER_WORKER
            value = _per_second(partial(_run_in, pool), ceil(runs / CALLERS_PER_WORKER), callers)
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


def _cpu_ms(subjects: dict[str, Callable[[int], None]], runs: int) -> dict[str, float]:
    """CPU time of one of several runs, without what it costs to begin and to end."""
    used_s = dict.fromkeys(subjects, 0.0)
    runs_at_once = ceil(runs / CPU_ROUNDS)
    for _ in range(CPU_ROUNDS):
        for name, run_several in subjects.items():
            before_s = _cpu_s()
            run_several(WARM_UP)
            between_s = _cpu_s()
            run_several(WARM_UP + runs_at_once)
            used_s[name] += _cpu_s() - between_s - (between_s - before_s)
    return {name: total_s / (CPU_ROUNDS * runs_at_once) * 1000 for name, total_s in used_s.items()}


def _cpu_s() -> float:
    """CPU seconds of this process and of all that it has seen end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _in_own_pool(backend: str, count: int) -> None:
    with SandboxPool.open(backend) as pool:
        _repeat(partial(_run_in, pool), count)


def _repeat(run: Callable[[], None], count: int) -> None:
    for _ in range(count):
        run()


def _per_second(run: Callable[[], None], runs: int, callers: int) -> float:
    several = partial(_repeat, run)
    with ThreadPoolExecutor(callers) as threads:
        list(threads.map(several, [WARM_UP] * callers))
        started = time.perf_counter()
        list(threads.map(several, [runs] * callers))
        return runs * callers / (time.perf_counter() - started)


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
