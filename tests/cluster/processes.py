"""What tests ask about processes: who is there, and whether they have gone."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil


def named(title: str) -> psutil.Process:
    """The one descendant of this process whose command line begins with `title`."""
    found = [child for child in psutil.Process().children(recursive=True) if title in _title(child)]
    assert len(found) == 1, found
    return found[0]


def pids_of(title: str) -> list[int]:
    """Descendants of this process whose command line begins with `title`."""
    return [child.pid for child in psutil.Process().children(recursive=True) if title in _title(child)]


def descendants(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def left_of(pids: Iterable[int], within_s: float) -> list[int]:
    """Those that still run when `within_s` has passed; returns as soon as none does."""
    deadline = time.monotonic() + within_s
    left = list(pids)
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if _runs(pid)]
        time.sleep(0.05)
    return left


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
