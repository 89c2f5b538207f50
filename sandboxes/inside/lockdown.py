"""What a program's process does to itself before anything of its job is touched: fresh mounts, then no
privilege.

It starts with CAP_SYS_ADMIN and CAP_SETPCAP over an own, otherwise powerless user namespace and ends with no
capability, none that it could regain, and a system call filter.
"""

from __future__ import annotations

import ctypes
import struct

NEW_MOUNTS, NEW_IPC = 0x00020000, 0x08000000
NO_SUID, NO_DEV, NO_EXEC = 2, 4, 8
PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 23, 24, 22, 38
FILTER_MODE = 2
CAPABILITIES_VERSION_3 = 0x20080522
MAX_CAPABILITY = 63

libc = ctypes.CDLL(None, use_errno=True)


def mount_fresh(disk_bytes: int) -> None:
    """In new mount and IPC namespaces: a /proc of this pid namespace, and empty /tmp and /dev/shm."""
    checked("unshare", libc.unshare(NEW_MOUNTS | NEW_IPC))
    mount(b"proc", b"/proc", NO_SUID | NO_DEV | NO_EXEC, b"")
    # an empty file takes an inode and no space, so inodes are bounded too
    options = f"mode=0777,size={disk_bytes},nr_inodes={max(1024, disk_bytes >> 12)}".encode()
    mount(b"tmpfs", b"/tmp", NO_SUID | NO_DEV, options)
    mount(b"tmpfs", b"/dev/shm", NO_SUID | NO_DEV, options)


def mount(kind: bytes, at: bytes, flags: int, options: bytes) -> None:
    checked(f"mount {at.decode()}", libc.mount(kind, at, kind, ctypes.c_ulong(flags), options))


def give_up_privileges(filter_program: bytes) -> None:
    """No capabilities, none to be regained, and the system call filter if there is one."""
    for capability in range(MAX_CAPABILITY):
        if libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
            checked("drop a capability", libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
    header = struct.pack("=Ii", CAPABILITIES_VERSION_3, 0)
    checked("capset", libc.capset(header, bytes(24)))
    checked("no new privileges", libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if filter_program:
        code = ctypes.create_string_buffer(filter_program)
        program = struct.pack("@HP", len(filter_program) // 8, ctypes.addressof(code))
        checked("seccomp", libc.prctl(PR_SET_SECCOMP, FILTER_MODE, program, 0, 0))


def checked(what: str, result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result
