"""A cgroup that stays while jobs come and go: each job sees its own counts and limits.

The zygote of a slot lives in the group, so that programs are born inside and no process has to be moved for a
job. Counters of the kernel only grow; what a job used is the difference.
"""

from __future__ import annotations

from sandboxes.cgroups import JobCgroup, remove_when_empty
from sandboxes.types import Limits

ZYGOTE_AND_PROCESS_1 = 2
"""What is in the group beside a job's own processes."""


class SlotCgroup:
    """See `sandboxes.zygote_slot.SlotAccounting`."""

    def __init__(self, group: JobCgroup, zygote_pid: int) -> None:
        self._group = group
        self._limits: Limits | None = None
        self._cpu_s_before = 0.0
        self._oom_kills_before = 0
        self._has_peak = False
        group.attach(zygote_pid)

    def begin(self, limits: Limits) -> None:
        if limits != self._limits:
            self._group.set_limits(limits, own_processes=ZYGOTE_AND_PROCESS_1)
            self._limits = limits
        self._cpu_s_before = self._group.cpu_s()
        self._oom_kills_before = self._group.oom_kills()
        self._has_peak = self._group.reset_peak()

    def attach(self, pid: int) -> None:
        """Nothing to do: the program was born inside."""

    def oom_kills(self) -> int:
        return self._group.oom_kills() - self._oom_kills_before

    def cpu_s(self) -> float:
        return max(0.0, self._group.cpu_s() - self._cpu_s_before)

    def peak_mb(self) -> float | None:
        return self._group.peak_mb() if self._has_peak else None

    async def remove(self) -> None:
        await remove_when_empty(self._group)
