"""The system calls a sandboxed program may not make, as a classic BPF program for the kernel.

A deny list behind the namespaces, not instead of them: it takes away the parts of the kernel that programs
do not need and that escapes are built from. The architecture is checked first, so that 32-bit and x32 calls
do not pass by. Only x86-64 has a table here; the filters are empty on other machines and the doctor says so.
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from collections.abc import Iterable

AUDIT_ARCH_X86_64 = 0xC000003E
X32_BIT = 0x40000000

LOAD_WORD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
KILL_PROCESS, ALLOW = 0x80000000, 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
UNKNOWN = 0x00050000 | errno.ENOSYS
AT_NUMBER, AT_ARCH, AT_FIRST_ARGUMENT = 0, 4, 16

NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET
SOCKET_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)

DENIED_X86_64: dict[str, int] = {
    # other processes' memory and descriptors
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
    "process_madvise": 440, "move_pages": 279, "migrate_pages": 256,
    # mounts and namespaces
    "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "move_mount": 429, "open_tree": 428,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442, "unshare": 272,
    "setns": 308, "open_by_handle_at": 304, "name_to_handle_at": 303, "quotactl": 179, "quotactl_fd": 443,
    # kernel facilities with a history
    "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "fanotify_init": 300,
    "modify_ldt": 154, "uselib": 134, "ustat": 136, "sysfs": 139, "_sysctl": 156, "nfsservctl": 180,
    "lookup_dcookie": 212, "personality": 135, "vhangup": 153, "syslog": 103, "acct": 163,
    # the machine
    "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "create_module": 174, "reboot": 169, "swapon": 167, "swapoff": 168, "iopl": 172, "ioperm": 173,
    "settimeofday": 164, "clock_settime": 227, "clock_adjtime": 305, "adjtimex": 159, "sethostname": 170,
    "setdomainname": 171,
    # memory that outlives its process or that no rlimit counts
    "shmget": 29, "shmat": 30, "semget": 64, "msgget": 68, "mq_open": 240, "memfd_create": 319,
    "memfd_secret": 447,
}  # fmt: skip
ZYGOTE_NEEDS: tuple[str, ...] = ("mount", "unshare", "setns")
CLONE, CLONE3, SOCKET, SOCKETPAIR, PRLIMIT64 = 56, 435, 41, 53, 302

Instruction = tuple[int, int, int, int]


def filter_program(machine: str | None = None) -> bytes:
    """The filter as an array of `struct sock_filter`; empty where we have no table for the machine."""
    return _packed(_instructions(DENIED_X86_64.values()), machine)


def zygote_filters(machine: str | None = None) -> tuple[bytes, bytes]:
    """The same in two parts, because the kernel takes its time over a long filter: the first for a zygote,
    whose forks inherit it, and what is left for each program. All filters of a process hold together."""
    needed = [DENIED_X86_64[name] for name in ZYGOTE_NEEDS]
    others = [number for number in DENIED_X86_64.values() if number not in needed]
    rest = [(LOAD_WORD, 0, 0, AT_NUMBER), *_refuse(needed), (RETURN, 0, 0, ALLOW)]
    return _packed(_instructions(others), machine), _packed(rest, machine)


def _packed(instructions: Iterable[Instruction], machine: str | None) -> bytes:
    if (machine or platform.machine()) not in ("x86_64", "AMD64"):
        return b""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def _instructions(denied: Iterable[int]) -> Iterable[Instruction]:
    yield LOAD_WORD, 0, 0, AT_ARCH
    yield JUMP_EQUAL, 1, 0, AUDIT_ARCH_X86_64
    yield RETURN, 0, 0, KILL_PROCESS
    yield LOAD_WORD, 0, 0, AT_NUMBER
    yield JUMP_AT_LEAST, 0, 1, X32_BIT
    yield RETURN, 0, 0, KILL_PROCESS
    # clone3 passes its flags by pointer, where no filter can see them; libc falls back to clone
    yield JUMP_EQUAL, 0, 1, CLONE3
    yield RETURN, 0, 0, UNKNOWN
    yield from _refuse(denied)
    yield from _refuse_clone_with_namespaces()
    yield from _allow_first_argument(SOCKET, SOCKET_FAMILIES)
    yield from _allow_first_argument(SOCKETPAIR, SOCKET_FAMILIES)
    # a program may look at and lower its own limits, not those of its init
    yield from _allow_first_argument(PRLIMIT64, (0,))
    yield RETURN, 0, 0, ALLOW


def _refuse(numbers: Iterable[int]) -> Iterable[Instruction]:
    for number in numbers:
        yield JUMP_EQUAL, 0, 1, number
        yield RETURN, 0, 0, REFUSE


def _refuse_clone_with_namespaces() -> Iterable[Instruction]:
    yield JUMP_EQUAL, 0, 4, CLONE
    yield LOAD_WORD, 0, 0, AT_FIRST_ARGUMENT
    yield JUMP_ANY_BIT, 0, 1, NEW_NAMESPACES
    yield RETURN, 0, 0, REFUSE
    yield RETURN, 0, 0, ALLOW


def _allow_first_argument(number: int, allowed: tuple[int, ...]) -> Iterable[Instruction]:
    """`number` passes only with one of the `allowed` values as its first argument."""
    yield JUMP_EQUAL, 0, len(allowed) + 3, number
    yield LOAD_WORD, 0, 0, AT_FIRST_ARGUMENT
    for index, value in enumerate(allowed):
        yield JUMP_EQUAL, len(allowed) - index, 0, value
    yield RETURN, 0, 0, REFUSE
    yield RETURN, 0, 0, ALLOW
