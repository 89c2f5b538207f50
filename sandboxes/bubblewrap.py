"""Bubblewrap's command line: everything the outer isolation consists of, in one place to audit.

Inside: the machine's /usr and the interpreter read-only, a private /tmp and /dev/shm of limited size, a fresh
/proc, five device nodes, and nothing else; own user, mount, pid, network (no interface but its own loopback),
IPC, UTS and cgroup namespaces; no capabilities, no new privileges, no further user namespaces.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sandboxes.cgroups import Cgroups
from sandboxes.errors import BackendUnavailableError
from sandboxes.interpreter import Interpreter, find_interpreter
from sandboxes.languages import SYSTEM_PATH

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
ALWAYS_HARD: tuple[str, ...] = ("wall_s", "output_bytes", "disk_mb", "pids")
HARD_WITH_CGROUP: tuple[str, ...] = ("memory_mb", "cpu_s")
PROBE_S = 20.0
TRUE = "/usr/bin/true"


@dataclass(frozen=True)
class Inner:
    """What runs as process 1 of a sandbox, and what it gets beside the isolation."""

    command: tuple[str, ...]
    disk_mb: int = 1
    filter_fds: tuple[int, ...] = ()
    """Descriptors with a system call filter each."""
    capabilities: tuple[str, ...] = ()
    """Kept, over nothing but the sandbox's own user namespace."""
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bubblewrap:
    """Bubblewrap as it is installed here, and the interpreter that its sandboxes show."""

    bwrap: str
    interpreter: Interpreter
    drop_root: tuple[str, ...]
    """The start of the command when we are root: bubblewrap itself needs no privilege, so it gets none."""

    @classmethod
    def find(cls) -> Bubblewrap:
        """Find what it needs.

        Raises:
            BackendUnavailableError: something is not installed.
        """
        bwrap = _require("bwrap", "apt-get install bubblewrap")
        drop_root: tuple[str, ...] = ()
        if os.geteuid() == 0:
            ids = (f"--reuid={OUTSIDE_ID}", f"--regid={OUTSIDE_ID}", "--clear-groups")
            setpriv = _require("setpriv", "apt-get install util-linux")
            drop_root = (setpriv, *ids, "--inh-caps=-all", "--no-new-privs", "--")
        return cls(bwrap, find_interpreter(as_other_uid=bool(drop_root)), drop_root)

    @property
    def path(self) -> tuple[str, ...]:
        """The PATH inside."""
        return tuple(dict.fromkeys((self.interpreter.bin, *SYSTEM_PATH)))

    def command(self, inner: Inner) -> tuple[str, ...]:
        """The whole command that starts `inner` in a new sandbox."""
        disk_bytes = str(inner.disk_mb << 20)
        return (
            *self.drop_root,
            self.bwrap,
            *ISOLATION,
            *_repeat("--cap-add", inner.capabilities),
            *(part for name, value in inner.env.items() for part in ("--setenv", name, value)),
            *self._file_system(),
            *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
            *("--size", disk_bytes, "--tmpfs", "/dev/shm", "--size", disk_bytes, "--tmpfs", "/tmp"),
            *("--remount-ro", "/", "--chdir", "/tmp"),
            *_repeat("--seccomp", map(str, inner.filter_fds)),
            "--",
            *inner.command,
        )

    def require_isolation(self) -> None:
        """Start an empty sandbox, so that a machine that forbids it says so now and not at every job.

        Raises:
            BackendUnavailableError: it does not start, and why.
        """
        command = self.command(Inner((TRUE,)))
        try:
            done = subprocess.run(command, capture_output=True, timeout=PROBE_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise BackendUnavailableError(f"bubblewrap did not start within {PROBE_S} s") from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise BackendUnavailableError(
                f"bubblewrap cannot isolate here: {said}; it needs unprivileged user namespaces "
                "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces > 0; in a container, a "
                "seccomp profile that allows clone, mount and pivot_root)"
            )

    def _file_system(self) -> Iterable[str]:
        yield from ("--ro-bind", "/usr", "/usr")
        for folder in TOP_FOLDERS:
            if os.path.islink(folder):
                yield from ("--symlink", os.readlink(folder), folder)
            elif os.path.isdir(folder):
                yield from ("--ro-bind", folder, folder)
        for path in OPTIONAL_FILES:
            yield from ("--ro-bind-try", path, path)
        if not self.interpreter.prefix.startswith("/usr"):
            yield from ("--ro-bind", self.interpreter.prefix, self.interpreter.prefix)


def hard_limits(cgroups: Cgroups | None) -> tuple[str, ...]:
    """The limits that hold for a whole job in a sandbox of this kind."""
    return ALWAYS_HARD + (HARD_WITH_CGROUP if cgroups else ())


def _repeat(option: str, values: Iterable[str]) -> Sequence[str]:
    return [part for value in values for part in (option, value)]


def _require(tool: str, fix: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise BackendUnavailableError(f"{tool} is not installed; {fix}")
    return found
