"""Who made a container, so that what a dead supervisor left behind can be told from what another one uses."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

START_TIME = 19
"""Its place in /proc/PID/stat after the name; see proc(5), field 22."""


def new_mark() -> str:
    """For one backend of this process: its pid, when it started, since pids come again, and a token."""
    return f"{os.getpid()}-{_started(os.getpid())}-{secrets.token_hex(4)}"


def is_alive(mark: str) -> bool:
    """Does the process of this mark still run?"""
    pid, started, _ = mark.split("-")
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """Clock ticks since the machine's start; empty when there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return fields[START_TIME]
