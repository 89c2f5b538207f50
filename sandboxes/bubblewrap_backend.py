"""Each job in its own bubblewrap: no warm start, simple, auditable.

The isolation is `sandboxes.bubblewrap_command`, what happens inside is `sandboxes.job_init`; this file
brings the two together with a cgroup and a seccomp filter. Works as root (the job then runs under an
unprivileged uid) and as a plain user.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import ClassVar

from sandboxes.base import BackendConfig
from sandboxes.bubblewrap_command import drop_root, sandbox_command
from sandboxes.cgroups import JobCgroup, find_cgroups
from sandboxes.errors import BackendUnavailableError
from sandboxes.init_process import InitProcess
from sandboxes.interpreter import find_interpreter
from sandboxes.job import Job, Placement
from sandboxes.languages import SYSTEM_PATH
from sandboxes.pipeline import BinaryCache, Pipeline
from sandboxes.seccomp import filter_program
from sandboxes.supervise import Report, supervise
from sandboxes.types import ExecutionRequest, ExecutionResult

ALWAYS_HARD: tuple[str, ...] = ("wall_s", "output_bytes", "disk_mb", "pids")
HARD_WITH_CGROUP: tuple[str, ...] = ("memory_mb", "cpu_s")
REMOVE_TRIES, REMOVE_WAIT_S = 100, 0.01


class BubblewrapBackend:
    """See `sandboxes.base.Backend`."""

    name: ClassVar[str] = "bubblewrap"

    def __init__(self, config: BackendConfig) -> None:
        del config  # one sandbox per job: nothing is kept warm, and it is a boundary
        self._bwrap = _require("bwrap", "apt-get install bubblewrap")
        if drop_root():
            _require("setpriv", "apt-get install util-linux")
        self._interpreter = find_interpreter(as_other_uid=bool(drop_root()))
        self._filter = filter_program()
        self._cgroups = find_cgroups()
        path = tuple(dict.fromkeys((self._interpreter.bin, *SYSTEM_PATH)))
        self._placement = Placement(
            cwd="/tmp/job", path=path, memory_is_hard=self._cgroups is not None, own_uid_count=True
        )
        hard = ALWAYS_HARD + (HARD_WITH_CGROUP if self._cgroups else ())
        self._pipeline = Pipeline(self.name, hard, path, self._run_job, BinaryCache())

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        return await self._pipeline.run(request)

    def close(self) -> None:
        if self._cgroups is not None:
            self._cgroups.sweep()

    async def _run_job(self, job: Job) -> Report:
        cgroup = self._cgroups.create(job.limits) if self._cgroups else None
        try:
            return await supervise(self._start(job), job, self._placement, cgroup)
        finally:
            await _remove(cgroup)

    def _start(self, job: Job) -> InitProcess:
        filter_fd = _readable_fd(self._filter) if self._filter is not None else None
        fds = () if filter_fd is None else (filter_fd,)

        def command(init: tuple[str, ...]) -> tuple[str, ...]:
            return sandbox_command(self._bwrap, self._interpreter, job.limits.disk_mb, filter_fd, init)

        try:
            return InitProcess(command, self._interpreter.executable, fds)
        finally:
            for fd in fds:
                os.close(fd)


def _require(tool: str, fix: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise BackendUnavailableError(f"{tool} is not installed; {fix}")
    return found


def _readable_fd(data: bytes) -> int:
    """A descriptor that yields `data` once; for what fits a pipe."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


async def _remove(cgroup: JobCgroup | None) -> None:
    """The kernel may count the last process for a moment after it is gone."""
    for _ in range(REMOVE_TRIES):
        if cgroup is None or cgroup.remove():
            return
        await asyncio.sleep(REMOVE_WAIT_S)
