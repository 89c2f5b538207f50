"""Namespaces as a zygote makes them: its own, once, and a pid namespace for each job.

The process 1 of a job's pid namespace does nothing at all. A program that was process 1 itself would not
notice signals that have no handler; and when the namespace's first process is killed, the kernel ends
everything in it. It shares the zygote's memory (no page is copied for it) and sleeps on a stack of its own.
"""

from __future__ import annotations

import ctypes
import os
import signal
from typing import NoReturn

from sandboxes.inside import lockdown

SHARE_MEMORY = 0x00000100
CHILD_ENDED, DEFAULT, IGNORE = int(signal.SIGCHLD), int(signal.SIG_DFL), int(signal.SIG_IGN)
NEW_MOUNTS, NEW_USERS, NEW_PIDS = 0x00020000, 0x10000000, 0x20000000
STACK_BYTES, STACK_ALIGNMENT = 1 << 14, 16

libc = lockdown.libc
_stack = ctypes.create_string_buffer(STACK_BYTES)
_stack_end = ctypes.c_void_p((ctypes.addressof(_stack) + STACK_BYTES) // STACK_ALIGNMENT * STACK_ALIGNMENT)
_pause = ctypes.cast(libc.pause, ctypes.c_void_p)


def become_process_1() -> None:
    """Go on as process 1 of an own pid namespace, with own mounts and a /proc that shows it.

    To come back from a job's pid namespace one needs power over one's own. Where we have none to begin with
    (in a container), an own user namespace, which cannot make more of them, gives it. The process that called
    this stays behind and ends with us.
    """
    if libc.unshare(NEW_MOUNTS | NEW_PIDS):
        _enter_user_namespace()
    pid = os.fork()
    if pid:
        _end_with(pid)
    lockdown.mount(b"proc", b"/proc", lockdown.NO_SUID | lockdown.NO_DEV | lockdown.NO_EXEC, b"")


def _enter_user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    lockdown.checked("unshare", libc.unshare(NEW_USERS | NEW_MOUNTS | NEW_PIDS))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _end_with(pid: int) -> NoReturn:
    os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 0xFF)


class JobNamespaces:
    """Makes the pid namespace of one job after the other; the zygote itself stays in its own."""

    def __init__(self) -> None:
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY)

    def enter(self) -> int:
        """Make a new pid namespace, into which forks go until `leave`; returns the pid of its process 1."""
        lockdown.checked("unshare", libc.unshare(NEW_PIDS))
        # inherited by process 1: the kernel then reaps what it adopts
        libc.signal(CHILD_ENDED, IGNORE)
        pid = libc.clone(_pause, _stack_end, SHARE_MEMORY | CHILD_ENDED, None)
        libc.signal(CHILD_ENDED, DEFAULT)
        if pid < 0:
            error = ctypes.get_errno()
            self.leave()
            raise OSError(error, "clone")
        return int(pid)

    def leave(self) -> None:
        lockdown.checked("setns", libc.setns(self._own, NEW_PIDS))
