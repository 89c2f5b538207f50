"""What sandboxes could leave behind, seen from outside: processes, mounts, cgroups, descriptors, files."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandboxes.cgroups import PREFIX

CGROUP_ROOT = "/sys/fs/cgroup"
SANDBOX_MOUNTS = frozenset({"proc", "tmpfs"})


@dataclass(frozen=True)
class Belongings:
    """What this process has at one moment. Two are equal when nothing came to stay in between."""

    processes: frozenset[int]
    mounts: tuple[str, ...]
    cgroups: tuple[str, ...]
    descriptors: int
    files: tuple[str, ...]
    """In the folder for temporary files."""


def belongings() -> Belongings:
    return Belongings(
        processes=frozenset(child.pid for child in psutil.Process().children(recursive=True)),
        mounts=mounts(),
        cgroups=cgroups_of(os.getpid()),
        descriptors=len(os.listdir("/proc/self/fd")),
        files=tuple(sorted(os.listdir(tempfile.gettempdir()))),
    )


def mounts() -> tuple[str, ...]:
    """Where something is mounted of the kinds that every sandbox mounts; others of this machine may mount
    disks meanwhile."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return tuple(point for _, point, kind, *_ in map(str.split, lines) if kind in SANDBOX_MOUNTS)


def cgroups_of(pid: int) -> tuple[str, ...]:
    """The groups that a supervisor with this pid made for its jobs and that are still there."""
    mark = f"{PREFIX}{pid}-"
    found = [
        os.path.join(folder, name)
        for folder, names, _ in os.walk(CGROUP_ROOT)
        for name in names
        if name.startswith(mark)
    ]
    return tuple(sorted(found))


def resident_mb() -> float:
    """Memory of this process."""
    return float(psutil.Process().memory_info().rss) / (1 << 20)


def until(holds: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"did not happen within {within_s} s"
        time.sleep(0.02)
