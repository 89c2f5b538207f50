"""Fifty thousand jobs, every hundredth hostile: each answer is right, and afterwards nothing is left over.

    ordinary:  prints the square of a number of its own         hostile: see HOSTILE, 0.3 s of CPU time

Prints one line of what it did. Callers keep a few jobs in the pool at all times, as a training run does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from sandboxes import ExecutionRequest, ExecutionResult, Limits, Outcome, SandboxPool
from tests.cluster.processes import left_of
from tests.sandboxes.leaks import belongings, resident_mb

JOBS = 50_000
HOSTILE_EVERY = 100
FLAT_AFTER = 10_000
"""Memory is compared with what it was after so many jobs, or a fifth of all when they are fewer."""
GROWTH_MB = 8.0
"""The allocator's noise; one leaked kilobyte a job would be forty."""
LOOK_EVERY = 500
WORKERS, CALLERS = 2, 8
MARK = "soak-test-mark"
ORDINARY = Limits(cpu_s=5.0, memory_mb=128, pids=16, disk_mb=16)
QUICK = Limits(cpu_s=0.3, memory_mb=64, pids=16, output_bytes=1 << 16, disk_mb=16)
DAEMON = f"""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sh", ["sh", "-c", "sleep 60; : {MARK}"])
    os._exit(0)
os.wait()
print("left one behind")
"""
HOSTILE: dict[str, tuple[str, frozenset[Outcome]]] = {
    "memory-bomb": ("x = []\nwhile True: x.append(bytearray(1 << 20))", frozenset({Outcome.MEMORY_LIMIT})),
    "fork-bomb": (
        "import os\nwhile True:\n try: os.fork()\n except OSError: pass",
        frozenset({Outcome.TIME_LIMIT}),
    ),
    "endless-loop": ("while True: pass", frozenset({Outcome.TIME_LIMIT})),
    "flood": ("while True: print('x' * 4096)", frozenset({Outcome.OUTPUT_LIMIT})),
    "daemon": (DAEMON, frozenset({Outcome.OK})),
}
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")


@dataclass
class Soak:
    """One run's findings."""

    jobs: int
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    resident_mb: dict[int, float] = field(default_factory=dict)
    """After so many jobs -> megabytes."""
    slots: set[int] = field(default_factory=set)
    """Processes that served; each serves a while and is replaced."""
    seconds: float = 0.0

    def growth_mb(self) -> float:
        return self.resident_mb[self.jobs] - self.resident_mb[min(FLAT_AFTER, self.jobs // 5)]

    def __str__(self) -> str:
        outcomes = ", ".join(f"{count} {name}" for name, count in self.outcomes.most_common())
        return (
            f"soak: {self.jobs} jobs in {self.seconds:.0f} s, {self.jobs / self.seconds:.0f} jobs/s, "
            f"{len(self.slots)} slots; {outcomes}; "
            f"memory {self.resident_mb[self.jobs]:.1f} MB, {self.growth_mb():+.1f} since it was warm"
        )


@pytest.mark.soak
def test_fifty_thousand_jobs_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with SandboxPool.open("zygote") as pool:  # what stays for good after the first time is no leak
        pool.run_sync(ordinary(1))
    before, strangers = belongings(), foreign_files()
    found = soak(JOBS)
    print(f"\n{found}")
    assert found.wrong == []
    assert found.growth_mb() < GROWTH_MB
    assert len(found.slots) > WORKERS
    assert left_of(belongings().processes - before.processes, within_s=5) == []
    assert belongings() == before
    assert foreign_files() <= strangers


def soak(jobs: int) -> Soak:
    """Run the jobs and look at every answer."""
    found = Soak(jobs)
    started = time.monotonic()
    with SandboxPool.open("zygote", workers=WORKERS) as pool:
        asyncio.run(_call(pool, found))
    found.seconds = time.monotonic() - started
    return found


async def _call(pool: SandboxPool, found: Soak) -> None:
    numbers = iter(range(1, found.jobs + 1))
    await asyncio.gather(*(_caller(pool, numbers, found) for _ in range(CALLERS)))


async def _caller(pool: SandboxPool, numbers: Iterator[int], found: Soak) -> None:
    names = list(HOSTILE)
    for number in numbers:
        if number % HOSTILE_EVERY:
            result = await pool.run(ordinary(number))
            well = (result.outcome, result.stdout) == (Outcome.OK, f"{number**2}\n")
        else:
            source, expected = HOSTILE[names[number // HOSTILE_EVERY % len(names)]]
            result = await pool.run(ExecutionRequest(language="python", source=source, limits=QUICK))
            well = result.outcome in expected
        _note(found, number, result, well=well)


def _note(found: Soak, number: int, result: ExecutionResult, *, well: bool) -> None:
    found.outcomes[result.outcome] += 1
    if not well:
        found.wrong.append(f"job {number}: {result}")
    if number % LOOK_EVERY == 0:
        found.slots |= {child.pid for child in psutil.Process().children()}
    if number in (FLAT_AFTER, found.jobs // 5, found.jobs):
        found.resident_mb[number] = resident_mb()


def ordinary(number: int) -> ExecutionRequest:
    return ExecutionRequest(
        language="python", source="print(int(input()) ** 2)", stdin=f"{number}\n".encode(), limits=ORDINARY
    )


def foreign_files() -> frozenset[str]:
    """Files of other users in the folders that everybody may write to: sandboxes run under a uid of their
    own."""
    found = set()
    for entry in (entry for folder in SHARED_FOLDERS for entry in os.scandir(folder)):
        with contextlib.suppress(FileNotFoundError):  # somebody else's, and gone already
            if entry.stat(follow_symlinks=False).st_uid != os.getuid():
                found.add(entry.path)
    return frozenset(found)
