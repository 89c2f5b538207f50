"""What the kernel counted for a container: read from this machine's cgroup files, where they can be read.

The engine made the group and the engine removes it, perhaps while we look: then the last counts stay.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from sandboxes.cgroups import V1, V2, Layout
from sandboxes.types import Limits

CONTROLLERS = ("memory", "cpuacct")


class ContainerCgroup:
    """One job after the other in one container's group; see `sandboxes.zygote_slot.SlotAccounting`."""

    def __init__(self, layout: Layout, folders: Mapping[str, Path]) -> None:
        self._layout = layout
        self._memory, self._cpu = (folders[controller] for controller in CONTROLLERS)
        self._last: dict[Path, str] = {}
        self._cpu_s_before = 0.0
        self._oom_kills_before = 0
        self._has_peak = False

    @classmethod
    def of(cls, pid: int) -> ContainerCgroup | None:
        """The group of a container's process; None where its counts cannot be read."""
        groups = _groups(pid)
        for layout, names in ((V2, ("", "")), (V1, CONTROLLERS)):
            folders = {c: _folder(groups, name) for c, name in zip(CONTROLLERS, names, strict=True)}
            known = {controller: folder for controller, folder in folders.items() if folder is not None}
            if len(known) == len(CONTROLLERS) and (known["memory"] / layout.oom_events).exists():
                return cls(layout, known)
        return None

    def begin(self, limits: Limits) -> None:
        """Count for the next job from here on; the limits are the engine's business."""
        del limits
        self._oom_kills_before = self._oom_kills()
        self._cpu_s_before = self._cpu_s()
        self._has_peak = self._reset_peak()

    def attach(self, pid: int) -> None:
        """The init was born inside; starting it is not the program's time."""
        self._cpu_s_before = self._cpu_s()

    def oom_kills(self) -> int:
        return self._oom_kills() - self._oom_kills_before

    def cpu_s(self) -> float:
        return max(0.0, self._cpu_s() - self._cpu_s_before)

    def peak_mb(self) -> float | None:
        if not self._has_peak:
            return None
        return int(self._read(self._memory / self._layout.memory_peak) or 0) / (1 << 20)

    async def remove(self) -> None:
        """The engine's business, too."""

    def _oom_kills(self) -> int:
        return _number(self._read(self._memory / self._layout.oom_events), "oom_kill")

    def _cpu_s(self) -> float:
        text = self._read(self._cpu / self._layout.cpu_usage)
        used = int(text or 0) if self._layout is V1 else _number(text, "usage_usec")
        return used / self._layout.cpu_units_per_s

    def _reset_peak(self) -> bool:
        if self._layout is not V1:
            return False
        try:
            (self._memory / self._layout.memory_peak).write_text("0")
        except OSError:
            return False  # not ours to write, or gone with the container
        return True

    def _read(self, path: Path) -> str:
        with contextlib.suppress(OSError):  # it went with the container
            self._last[path] = path.read_text()
        return self._last.get(path, "")


def _groups(pid: int) -> Mapping[str, str]:
    """Controller -> the group of the process; the controller of version 2 is the empty name."""
    found: dict[str, str] = {}
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        found |= dict.fromkeys(controllers.split(","), group)
    return found


def _folder(groups: Mapping[str, str], controller: str) -> Path | None:
    """The folder of the group, if its hierarchy is mounted here and shows it."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, file_system = line.partition(" - ")
        kind, _, options = file_system.split(" ", 2)
        _, _, _, root, point, *_ = mount.split()
        wanted = kind == "cgroup" and controller in options.split(",") if controller else kind == "cgroup2"
        if wanted and groups.get(controller, "").startswith(root):
            return Path(point, groups[controller].removeprefix(root).lstrip("/"))
    return None


def _number(text: str, name: str) -> int:
    """The number of a `<name> <number>` line."""
    lines = (line.split() for line in text.splitlines())
    return next((int(value) for key, value in lines if key == name), 0)
