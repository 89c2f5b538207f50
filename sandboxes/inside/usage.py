"""What the processes of a job use, as their init sees it in /proc."""

from __future__ import annotations

import os
import resource

TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
GONE = (FileNotFoundError, ProcessLookupError)


def others() -> list[str]:
    """The pids of all other processes for process 1, else of our descendants."""
    if os.getpid() == 1:
        return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
    found: list[str] = []
    queue = [str(os.getpid())]
    while queue:
        parent = queue.pop()
        for thread in threads_of(parent):
            children = read_proc(f"{parent}/task/{thread}/children").split()
            found += children
            queue += children
    return found


def threads_of(pid: str) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except GONE:
        return []


def read_proc(name: str) -> str:
    """A file of /proc; empty when the process has gone or hides it."""
    try:
        with open("/proc/" + name) as file:
            return file.read()
    except (*GONE, PermissionError):
        return ""


def cpu_ended_s() -> float:
    """CPU seconds of the processes that we have waited for, and that they have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_living_s(pids: list[str]) -> float:
    total = 0.0
    for pid in pids:
        fields = read_proc(pid + "/stat").rpartition(")")[2].split()
        total += sum(int(ticks) for ticks in fields[11:15]) * TICK_S
    return total


def memory_over(pids: list[str], limit_bytes: int) -> bool:
    """Are they together over it? The exact sum is asked for only when the rough one says so."""
    return sum(map(resident, pids)) > limit_bytes and sum(map(resident_share, pids)) > limit_bytes


def resident(pid: str) -> int:
    """Bytes of anonymous and shared memory: cheap, but counts a page once for each process that has it."""
    return sum_of_lines(read_proc(pid + "/status"), ("RssAnon:", "RssShmem:"))


def resident_share(pid: str) -> int:
    """The same with shared pages divided among those who share them: exact, too slow to ask all the time."""
    return sum_of_lines(read_proc(pid + "/smaps_rollup"), ("Pss_Anon:", "Pss_Shmem:")) or resident(pid)


def sum_of_lines(text: str, names: tuple[str, ...]) -> int:
    """The sum of "<name> <number> kB" lines, in bytes."""
    lines = (line.split() for line in text.splitlines() if line.startswith(names))
    return sum(int(fields[1]) << 10 for fields in lines)
