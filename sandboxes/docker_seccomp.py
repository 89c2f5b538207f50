"""The system call filter of `sandboxes.seccomp` in the form that a Docker engine reads.

The same deny list, as JSON by name: the engine's own library knows the numbers, so this one also holds on
processors for which we have no table. Calls of other architectures (32-bit, x32) are killed by that library's
default.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from functools import cache

from sandboxes.seccomp import DENIED_X86_64, NEW_NAMESPACES, SOCKET_FAMILIES, ZYGOTE_NEEDS

Rule = dict[str, object]


@cache
def profile(*, makes_namespaces: bool) -> str:
    """The profile for a container.

    Args:
        makes_namespaces: a zygote lives in it, whose programs get `sandboxes.seccomp` on top; else the filter
            is the one that the program itself is under.
    """
    denied = sorted(set(DENIED_X86_64) - (set(ZYGOTE_NEEDS) if makes_namespaces else set()))
    rules = [
        _refuse(denied),
        _refuse(["clone3"], error=errno.ENOSYS),  # libc falls back to clone, whose flags can be seen
        *_refuse_other_families(),
        _refuse(["prlimit64"], first={"op": "SCMP_CMP_NE", "value": 0}),
    ]
    if not makes_namespaces:
        rules += _refuse_clone_with_namespaces()
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})


def _refuse(names: list[str], *, error: int = errno.EPERM, first: Rule | None = None) -> Rule:
    """Refuse the calls; with `first` only where their first argument is so."""
    args = [] if first is None else [{"index": 0, **first}]
    return {"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": error, "args": args}


def _refuse_clone_with_namespaces() -> Iterable[Rule]:
    """One rule per flag: a deny rule cannot say 'any of these bits'."""
    for bit in range(32):
        flag = 1 << bit
        if flag & NEW_NAMESPACES:
            yield _refuse(["clone"], first={"op": "SCMP_CMP_MASKED_EQ", "value": flag, "valueTwo": flag})


def _refuse_other_families() -> Iterable[Rule]:
    """Nor 'none of these values': every family below the highest allowed one by name, and all above it."""
    calls = ["socket", "socketpair"]
    for family in range(max(SOCKET_FAMILIES)):
        if family not in SOCKET_FAMILIES:
            yield _refuse(calls, first={"op": "SCMP_CMP_EQ", "value": family})
    yield _refuse(calls, first={"op": "SCMP_CMP_GT", "value": int(max(SOCKET_FAMILIES))})
