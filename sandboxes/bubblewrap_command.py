"""The bubblewrap command line of a job: everything the isolation consists of, in one place to audit.

Inside: the machine's /usr and the interpreter read-only, a private /tmp and /dev/shm of limited size, a
fresh /proc, five device nodes, and nothing else; own user, mount, pid, network (no interface but its own
loopback), IPC, UTS and cgroup namespaces; no capabilities, no new privileges, no further user namespaces.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from sandboxes.interpreter import Interpreter

INSIDE_ID = "1000"
OUTSIDE_ID = 65533
"""The unprivileged uid and gid that jobs run under when we are root; nobody's on a Debian system."""
TOP_FOLDERS: tuple[str, ...] = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
OPTIONAL_FILES: tuple[str, ...] = ("/etc/alternatives", "/etc/ld.so.cache")

ISOLATION: tuple[str, ...] = (
    "--unshare-all", "--unshare-user", "--disable-userns",
    "--uid", INSIDE_ID, "--gid", INSIDE_ID, "--hostname", "sandbox",
    "--cap-drop", "ALL", "--new-session", "--die-with-parent", "--as-pid-1", "--clearenv",
)  # fmt: skip


def drop_root() -> tuple[str, ...]:
    """The start of the command when we are root: bubblewrap itself needs no privilege, so it gets none."""
    if os.geteuid() != 0:
        return ()
    ids = (f"--reuid={OUTSIDE_ID}", f"--regid={OUTSIDE_ID}", "--clear-groups")
    return ("setpriv", *ids, "--inh-caps=-all", "--no-new-privs", "--")


def sandbox_command(
    bwrap: str, interpreter: Interpreter, disk_mb: int, filter_fds: Sequence[int], inner: tuple[str, ...]
) -> tuple[str, ...]:
    """The whole command that starts `inner` as process 1 of a new sandbox."""
    disk_bytes = str(disk_mb << 20)
    return (
        *drop_root(),
        bwrap,
        *ISOLATION,
        *_file_system(interpreter),
        *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
        *("--size", disk_bytes, "--tmpfs", "/dev/shm", "--size", disk_bytes, "--tmpfs", "/tmp"),
        *("--remount-ro", "/", "--chdir", "/tmp"),
        *(part for fd in filter_fds for part in ("--seccomp", str(fd))),
        "--",
        *inner,
    )


def _file_system(interpreter: Interpreter) -> Iterable[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for folder in TOP_FOLDERS:
        if os.path.islink(folder):
            yield from ("--symlink", os.readlink(folder), folder)
        elif os.path.isdir(folder):
            yield from ("--ro-bind", folder, folder)
    for path in OPTIONAL_FILES:
        yield from ("--ro-bind-try", path, path)
    if not interpreter.prefix.startswith("/usr"):
        yield from ("--ro-bind", interpreter.prefix, interpreter.prefix)
