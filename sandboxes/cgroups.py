"""Memory, process and CPU accounting of a whole job by the kernel, where this machine lets us have it.

`find_cgroups` tries version 2, then version 1, really making a child group each time, and returns None where
neither can be had (a plain user without delegation). A `JobCgroup` holds one job's processes; it is removed
with the job. Groups that a killed supervisor left behind are swept when the next one starts.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandboxes.types import Limits

PREFIX = "sandbox-"
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


class JobCgroup:
    """The group of one job; `folders` has one folder per controller (all the same one in version 2)."""

    def __init__(self, layout: Layout, folders: Mapping[str, Path], limits: Limits) -> None:
        self._layout = layout
        self._folders = folders
        for folder in set(folders.values()):
            folder.mkdir()
        try:
            self._set_limits(limits)
        except OSError:
            self.remove()
            raise

    def _set_limits(self, limits: Limits) -> None:
        memory, layout = self._folders["memory"], self._layout
        bytes_max = limits.memory_mb << 20
        (memory / layout.memory_max).write_text(str(bytes_max))
        if (memory / layout.swap_max).exists():
            (memory / layout.swap_max).write_text(str(bytes_max if layout.swap_counts_memory else 0))
        (self._folders["pids"] / "pids.max").write_text(str(limits.pids + 1))  # and the init

    def attach(self, pid: int) -> None:
        """Move a process in; what it starts from now on is born inside."""
        for folder in set(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def oom_kills(self) -> int:
        events = (self._folders["memory"] / self._layout.oom_events).read_text()
        return _named_number(events, "oom_kill")

    def peak_mb(self) -> float | None:
        """Peak memory in megabytes; None on kernels that do not tell (version 2 before Linux 5.19)."""
        path = self._folders["memory"] / self._layout.memory_peak
        return int(path.read_text()) / (1 << 20) if path.exists() else None

    def cpu_s(self) -> float:
        text = (self._folders["cpu"] / self._layout.cpu_usage).read_text()
        used = int(text) if self._layout is V1 else _named_number(text, "usage_usec")
        return used / self._layout.cpu_units_per_s

    def remove(self) -> bool:
        """Remove the group; False while the kernel still counts a process in it."""
        removed = [_remove(folder) for folder in set(self._folders.values())]  # all are tried
        return all(removed)


@dataclass(frozen=True)
class Cgroups:
    """Where this process may make groups for its jobs."""

    layout: Layout
    parents: Mapping[str, Path]

    def create(self, limits: Limits) -> JobCgroup:
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        folders = {controller: parent / name for controller, parent in self.parents.items()}
        return JobCgroup(self.layout, folders, limits)

    def sweep(self) -> None:
        """Remove what supervisors that are no longer alive left behind."""
        for parent in set(self.parents.values()):
            for folder in parent.glob(f"{PREFIX}*-*"):
                owner = folder.name.removeprefix(PREFIX).partition("-")[0]
                if owner.isdigit() and not Path("/proc", owner).exists():
                    _remove(folder)


def find_cgroups() -> Cgroups | None:
    """The best accounting this process can have; None for none."""
    for layout, controllers in ((V2, ("memory", "pids", "cpu")), (V1, ("memory", "pids", "cpuacct"))):
        parents = _own_groups(controllers, version=layout.version)
        if parents is None:
            continue
        found = Cgroups(
            layout, {"cpu" if name == "cpuacct" else name: path for name, path in parents.items()}
        )
        if _works(found):
            found.sweep()
            return found
    return None


def _works(cgroups: Cgroups) -> bool:
    try:
        probe = cgroups.create(Limits())
    except OSError:
        return False
    try:
        probe.cpu_s(), probe.oom_kills()
    except OSError:
        return False
    finally:
        probe.remove()
    return True


def _own_groups(controllers: tuple[str, ...], *, version: int) -> dict[str, Path] | None:
    """Controller -> the folder of the group this process is in; None when one is not mounted."""
    groups = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, group = line.split(":", 2)
        groups.update(dict.fromkeys(names.split(","), group))
    found = {}
    for controller in controllers:
        mount = _mount_of(controller if version == 1 else None)
        group = groups.get(controller if version == 1 else "")
        if mount is None or group is None:
            return None
        root, point = mount
        found[controller] = point / os.path.relpath(group, root) if group.startswith(root) else point
    return found


def _mount_of(controller: str | None) -> tuple[str, Path] | None:
    """(root, mount point) of a version 1 controller, or of the version 2 hierarchy for None."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, kind = line.partition(" - ")
        fields = mount.split()
        kind_name, _, options = kind.split(" ", 2)
        wanted = (
            kind_name == "cgroup2"
            if controller is None
            else (kind_name == "cgroup" and controller in options.split(","))
        )
        if wanted:
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
