"""One program run in one fresh sandbox, as the init inside it is told.

A request in source form is turned into one job, or two where it must be compiled first, by
`sandboxes.pipeline`.
"""

from __future__ import annotations

import marshal
import math
import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from sandboxes.types import Limits

EXECUTABLE, PLAIN = 0o755, 0o644
MAX_OPEN_FILES = 256
STACK_MB, STACK_MB_IN_ADDRESS_SPACE = 64, 8
"""Every thread reserves as much as the stack may grow, which only hurts where address space is limited."""
MAX_ARTIFACT_BYTES = 64 << 20
BASE_ENV: Mapping[str, str] = {
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # the order of a set must not change a verdict from run to run
    "TZ": "UTC",
    "USER": "sandbox",
}


@dataclass(frozen=True)
class JobFile:
    content: bytes
    mode: int = PLAIN


@dataclass(frozen=True)
class Job:
    argv: tuple[str, ...]
    limits: Limits
    files: Mapping[str, JobFile] = field(default_factory=dict)
    stdin: bytes = b""
    artifact: str = ""
    """A file to bring back when the program ends well; empty for none."""
    reserves_address_space: bool = False
    python_file: str = ""
    """The file, if this is a Python program: `argv` without a new interpreter, for backends that keep one."""


@dataclass(frozen=True)
class Placement:
    """How a backend places a job: where it runs, and which limits something outside the job already holds."""

    cwd: str
    tmp: str
    path: tuple[str, ...]
    memory_is_hard: bool
    """A cgroup holds the memory of the whole job; else the init watches the sum and rlimits hold each
    process."""
    own_processes: int | None
    """How many processes of the sandbox itself are counted with the job's; None where the processes of a uid
    are not counted for the job alone, so that RLIMIT_NPROC would mean something else."""
    warm_python: bool = False
    """The init is a fork of a warm Python."""


def environment(placement: Placement) -> dict[str, str]:
    """All that a program finds in its environment."""
    return {**BASE_ENV, "PATH": ":".join(placement.path), "HOME": placement.cwd, "TMPDIR": placement.tmp}


def encode(job: Job, placement: Placement) -> bytes:
    """The job as the init reads it: plain values in the order of `sandboxes.inside.job_init.Job`, marshalled
    in a format that every CPython 3 reads. A fork of a warm interpreter has its command and environment."""
    forked = job.python_file if placement.warm_python else ""
    return marshal.dumps(
        (
            [] if forked else list(job.argv),
            {} if forked else environment(placement),
            placement.cwd,
            {name: (file.content, file.mode) for name, file in job.files.items()},
            job.artifact,
            MAX_ARTIFACT_BYTES,
            job.limits.wall_s,
            job.limits.cpu_s,
            watched_memory_bytes(job, placement),
            rlimits(job, placement),
            job.limits.disk_mb << 20,
            forked,
        ),
        4,
    )


def watched_memory_bytes(job: Job, placement: Placement) -> int:
    """How much memory the job's processes may have together by the count of its init; 0 for no such watch."""
    return 0 if placement.memory_is_hard else job.limits.memory_mb << 20


def rlimits(job: Job, placement: Placement) -> dict[int, int]:
    """The kernel's limits on each process of the job; never above what this process itself may set."""
    limits = job.limits
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: math.ceil(limits.cpu_s) + 1,
        resource.RLIMIT_FSIZE: limits.disk_mb << 20,
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
        resource.RLIMIT_STACK: (STACK_MB if placement.memory_is_hard else STACK_MB_IN_ADDRESS_SPACE) << 20,
    }
    if placement.own_processes is not None:
        wanted[resource.RLIMIT_NPROC] = limits.pids + placement.own_processes
    if not placement.memory_is_hard:
        number = resource.RLIMIT_DATA if job.reserves_address_space else resource.RLIMIT_AS
        wanted[number] = limits.memory_mb << 20
    return {number: _at_most_hard(number, value) for number, value in wanted.items()}


def _at_most_hard(number: int, value: int) -> int:
    hard = _hard_limit(number)
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


@cache
def _hard_limit(number: int) -> int:
    return resource.getrlimit(number)[1]
