"""What a program's process does to itself before anything of its job is touched: fresh mounts, then no
privilege.

The zygote has CAP_SYS_ADMIN and CAP_SETPCAP over an own, otherwise powerless user namespace; a
program has no capability, none that it could regain, and a system call filter.
"""

from __future__ import annotations

import ctypes
import struct

NEW_MOUNTS, NEW_IPC = 0x00020000, 0x08000000
NO_SUID, NO_DEV, NO_EXEC, REMOUNT = 2, 4, 8, 32
TEMPORARY = (b"/tmp", b"/dev/shm")
PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 23, 24, 22, 38
FILTER_MODE = 2
CAPABILITIES_VERSION_3 = 0x20080522
MAX_CAPABILITY = 63

libc = ctypes.CDLL(None, use_errno=True)


def mount_fresh() -> None:
    """In new mount and IPC namespaces: a /proc of this pid namespace, and empty /tmp and /dev/shm."""
    checked("unshare", libc.unshare(NEW_MOUNTS | NEW_IPC))
    mount(b"proc", b"/proc", NO_SUID | NO_DEV | NO_EXEC, b"")
    for folder in TEMPORARY:
        mount(b"tmpfs", folder, NO_SUID | NO_DEV, b"mode=0777,size=4k")


def limit_disk(disk_bytes: int) -> None:
    """Say how much the temporary folders may hold, each; an empty file takes an inode and no space, so inodes
    are bounded, too."""
    options = f"size={disk_bytes},nr_inodes={max(1024, disk_bytes >> 12)}".encode()
    for folder in TEMPORARY:
        mount(b"tmpfs", folder, NO_SUID | NO_DEV | REMOUNT, options)


def mount(kind: bytes, at: bytes, flags: int, options: bytes) -> None:
    checked(f"mount {at.decode()}", libc.mount(kind, at, kind, ctypes.c_ulong(flags), options))


class Lockdown:
    """What can be prepared before there is a program to lock down; all of it is inherited by forks."""

    def __init__(self, zygote_filter: bytes, program_filter: bytes) -> None:
        """Give up what this process does not need: what only an exec could regain, and most system calls."""
        for capability in range(MAX_CAPABILITY):
            if libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
                checked("drop a capability", libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
        checked("no new privileges", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        Filter(zygote_filter).install()
        self._filter = Filter(program_filter)
        self._header = struct.pack("=Ii", CAPABILITIES_VERSION_3, 0)
        self._none = bytes(24)
        self._capset = libc.capset

    def complete(self) -> None:
        """No capabilities any more, and the rest of the system call filter."""
        checked("capset", self._capset(self._header, self._none))
        self._filter.install()


class Filter:
    """A system call filter in the kernel's form; an empty one does nothing."""

    def __init__(self, program: bytes) -> None:
        self._code = ctypes.create_string_buffer(program, len(program))
        self._program = struct.pack("@HP", len(program) // 8, ctypes.addressof(self._code))

    def install(self) -> None:
        if len(self._code):
            checked("seccomp", libc.prctl(PR_SET_SECCOMP, FILTER_MODE, self._program, 0, 0))


def checked(what: str, result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result
