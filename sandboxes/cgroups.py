"""Memory, process and CPU accounting of a whole job by the kernel, where this machine lets us have it.

`find_cgroups` tries version 2, then version 1, really making a child group each time, and returns None where
neither can be had (a plain user without delegation). A `JobCgroup` holds one job's processes; it is removed
with the job. Groups that a killed supervisor left behind are swept when the next one starts.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandboxes.types import Limits

PREFIX = "sandbox-"
REMOVE_TRIES, SWEEP_TRIES, REMOVE_WAIT_S = 100, 20, 0.01
KERNEL_FILE_BYTES = 4096
_numbers = itertools.count()


@dataclass(frozen=True)
class Layout:
    """The file names of one cgroup version."""

    version: int
    memory_max: str
    swap_max: str
    swap_counts_memory: bool
    memory_peak: str
    oom_events: str
    cpu_usage: str
    cpu_units_per_s: float


V1 = Layout(
    1, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", True, "memory.max_usage_in_bytes",
    "memory.oom_control", "cpuacct.usage", 1e9,
)  # fmt: skip
V2 = Layout(
    2, "memory.max", "memory.swap.max", False, "memory.peak", "memory.events", "cpu.stat", 1e6
)  # fmt: skip


class KernelFile:
    """A small file of the kernel that is read again and again, kept open."""

    def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
        """Does not open it yet."""
        self._path, self._flags = path, flags
        self._fd = -1

    def exists(self) -> bool:
        return self._fd >= 0 or self._path.exists()

    def read(self) -> str:
        return os.pread(self._opened(), KERNEL_FILE_BYTES, 0).decode("ascii")

    def write(self, text: str) -> None:
        os.pwrite(self._opened(), text.encode("ascii"), 0)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _opened(self) -> int:
        if self._fd < 0:
            self._fd = os.open(self._path, self._flags | os.O_CLOEXEC)
        return self._fd


class JobCgroup:
    """The group of one job; `folders` has one folder per controller (all the same one in version 2)."""

    def __init__(self, layout: Layout, folders: Mapping[str, Path], limits: Limits) -> None:
        self._layout = layout
        self._folders = folders
        self._memory_bytes = sys.maxsize
        memory, cpu = folders["memory"], folders["cpu"]
        self._oom_events = KernelFile(memory / layout.oom_events)
        self._cpu_usage = KernelFile(cpu / layout.cpu_usage)
        # version 1 starts a new peak when written to
        self._peak = KernelFile(memory / layout.memory_peak, os.O_RDWR if layout is V1 else os.O_RDONLY)
        for folder in set(folders.values()):
            folder.mkdir()
        try:
            self.set_limits(limits, own_processes=1)
        except OSError:
            self.remove()
            raise

    def set_limits(self, limits: Limits, *, own_processes: int) -> None:
        """Bound the group; `own_processes` of the sandbox are in it beside the job's."""
        memory, layout = self._folders["memory"], self._layout
        memory_bytes = limits.memory_mb << 20
        values = [(memory / layout.memory_max, memory_bytes)]
        if (memory / layout.swap_max).exists():
            swap_bytes = memory_bytes if layout.swap_counts_memory else 0
            values.append((memory / layout.swap_max, swap_bytes))
        # version 1 keeps memory <= memory and swap at every moment
        for path, value in values if memory_bytes < self._memory_bytes else reversed(values):
            path.write_text(str(value))
        self._memory_bytes = memory_bytes
        (self._folders["pids"] / "pids.max").write_text(str(limits.pids + own_processes))

    def attach(self, pid: int) -> None:
        """Move a process in; what it starts from now on is born inside."""
        for folder in set(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def reset_peak(self) -> bool:
        """Start a new peak; False where the kernel cannot."""
        if self._layout is not V1:
            return False
        self._peak.write("0")
        return True

    def oom_kills(self) -> int:
        return _named_number(self._oom_events.read(), "oom_kill")

    def peak_mb(self) -> float | None:
        """Peak memory in megabytes; None on kernels that do not tell (version 2 before Linux 5.19)."""
        return int(self._peak.read()) / (1 << 20) if self._peak.exists() else None

    def cpu_s(self) -> float:
        text = self._cpu_usage.read()
        used = int(text) if self._layout is V1 else _named_number(text, "usage_usec")
        return used / self._layout.cpu_units_per_s

    def remove(self) -> bool:
        """Remove the group; False while the kernel still counts a process in it."""
        for file in (self._oom_events, self._cpu_usage, self._peak):
            file.close()
        removed = [_remove(folder) for folder in set(self._folders.values())]  # all are tried
        return all(removed)


class Removable(Protocol):
    def remove(self) -> bool: ...


async def remove_when_empty(group: Removable) -> None:
    """Remove a group; the kernel may count its last process for a moment after that is gone."""
    for _ in range(REMOVE_TRIES):
        if group.remove():
            return
        await asyncio.sleep(REMOVE_WAIT_S)


@dataclass(frozen=True)
class Cgroups:
    """Where this process may make groups for its jobs."""

    layout: Layout
    parents: Mapping[str, Path]
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    """Tells processes apart that have the same pid in different pid namespaces."""

    def create(self, limits: Limits) -> JobCgroup:
        name = f"{PREFIX}{os.getpid()}-{self.token}-{next(_numbers)}"
        folders = {controller: parent / name for controller, parent in self.parents.items()}
        return JobCgroup(self.layout, folders, limits)

    def sweep(self) -> None:
        """Remove what supervisors that are no longer alive left behind; where the kernel still counts a
        process after a few tries, that is left to the next one."""
        left = [
            folder
            for parent in set(self.parents.values())
            for folder in parent.glob(f"{PREFIX}*-*")
            if not Path("/proc", folder.name.removeprefix(PREFIX).partition("-")[0]).exists()
        ]
        for _ in range(SWEEP_TRIES):
            left = [folder for folder in left if not _remove(folder)]
            if not left:
                return
            time.sleep(REMOVE_WAIT_S)


def find_cgroups() -> Cgroups | None:
    """The best accounting this process can have; None for none."""
    for find in (_version_2, _version_1):
        found = find()
        if found is not None and _works(found):
            found.sweep()
            return found
    return None


def _works(cgroups: Cgroups) -> bool:
    """Whether a group with limits can really be made there."""
    try:
        probe = cgroups.create(Limits())
    except OSError:
        return False
    try:
        return probe.cpu_s() >= 0 and probe.oom_kills() >= 0
    except OSError:
        return False
    finally:
        probe.remove()


def _version_2() -> Cgroups | None:
    own = _own_group("", "cgroup2")
    if own is None:
        return None
    control = own / "cgroup.subtree_control"
    try:
        if not {"memory", "pids"} <= set(control.read_text().split()):
            control.write_text("+memory +pids")
    except OSError:
        return None  # not ours to give, or the group holds processes itself
    return Cgroups(V2, dict.fromkeys(("memory", "pids", "cpu"), own))


def _version_1() -> Cgroups | None:
    memory, pids, cpu = (_own_group(name, "cgroup") for name in ("memory", "pids", "cpuacct"))
    if memory is None or pids is None or cpu is None:
        return None
    return Cgroups(V1, {"memory": memory, "pids": pids, "cpu": cpu})


def _own_group(controller: str, kind: str) -> Path | None:
    """The folder of the group this process is in; the controller of version 2 is the empty name."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, group = line.split(":", 2)
        if controller in names.split(","):
            mount = _mount_of(controller, kind)
            if mount is None:
                return None
            root, point = mount
            return point / os.path.relpath(group, root) if group.startswith(root) else point
    return None


def _mount_of(controller: str, kind: str) -> tuple[str, Path] | None:
    """(root, mount point) of a hierarchy."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, file_system = line.partition(" - ")
        name, _, options = file_system.split(" ", 2)
        if name == kind and (not controller or controller in options.split(",")):
            fields = mount.split()
            return fields[3], Path(fields[4])
    return None


def _named_number(text: str, name: str) -> int:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _remove(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True
