"""How much memory this machine has left, as a process in a container sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil

SHARED_MEMORY = Path("/dev/shm")
CGROUPS = Path("/sys/fs/cgroup")
CGROUP_FILES = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)
"""cgroup v2 and v1: limit, use, and where the page cache that counts as used but can be had is named."""


def available_memory_bytes(cgroups: Path = CGROUPS) -> int:
    """Memory that can still be had: the machine's, or what the container's limit leaves of it."""
    available: int = psutil.virtual_memory().available
    for limit_file, used_file, stat_file, cache_name in CGROUP_FILES:
        if not (cgroups / limit_file).exists():
            continue
        limit = (cgroups / limit_file).read_text().strip()
        if limit == "max":
            continue
        used = int((cgroups / used_file).read_text())
        statistics = dict(line.split() for line in (cgroups / stat_file).read_text().splitlines())
        available = min(available, max(0, int(limit) - used + int(statistics[cache_name])))
    return available


def free_shared_memory_bytes(directory: Path = SHARED_MEMORY) -> int:
    """What still fits into shared memory; 0 where there is none."""
    return shutil.disk_usage(directory).free if directory.exists() else 0
