"""Each job in its own bubblewrap: no warm start, simple, auditable.

The isolation is `sandboxes.bubblewrap_command`, what happens inside is `sandboxes.job_init`; this file
brings the two together with a cgroup and a seccomp filter. Works as root (the job then runs under an
unprivileged uid) and as a plain user.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
PROBE_S = 20.0
TRUE = "/usr/bin/true"


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
        self._require_isolation()
        self._cgroups = find_cgroups()
        path = tuple(dict.fromkeys((self._interpreter.bin, *SYSTEM_PATH)))
        self._placement = Placement(
            cwd="/tmp/job",
            tmp="/tmp",
            path=path,
            memory_is_hard=self._cgroups is not None,
            own_uid_count=True,
        )
        hard = ALWAYS_HARD + (HARD_WITH_CGROUP if self._cgroups else ())
        self._pipeline = Pipeline(self.name, hard, path, self._run_job, BinaryCache())

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        return await self._pipeline.run(request)

    def close(self) -> None:
        if self._cgroups is not None:
            self._cgroups.sweep()

    async def _run_job(self, job: Job) -> Report:
        try:
            cgroup = self._cgroups.create(job.limits) if self._cgroups else None
        except OSError as error:
            return Report(failure=f"no cgroup could be made for the job: {error}")
        try:
            return await supervise(self._start(job), job, self._placement, cgroup)
        except OSError as error:
            return Report(failure=f"the sandbox could not be started: {error}")
        finally:
            await _remove(cgroup)

    def _start(self, job: Job) -> InitProcess:
        with self._filter_fds() as fds:

            def wrap(init: tuple[str, ...]) -> tuple[str, ...]:
                return sandbox_command(self._bwrap, self._interpreter, job.limits.disk_mb, fds, init)

            return InitProcess(wrap, self._interpreter.executable, fds)

    def _require_isolation(self) -> None:
        """Start an empty sandbox, so that a machine that forbids it says so now and not at every job."""
        with self._filter_fds() as fds:
            command = sandbox_command(self._bwrap, self._interpreter, 1, fds, (TRUE,))
            try:
                done = subprocess.run(
                    command, capture_output=True, pass_fds=fds, timeout=PROBE_S, check=False
                )
            except subprocess.TimeoutExpired as error:
                raise BackendUnavailableError(f"bubblewrap did not start within {PROBE_S} s") from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise BackendUnavailableError(
                f"bubblewrap cannot isolate here: {said}; it needs unprivileged user namespaces "
                "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces > 0; in a container, a "
                "seccomp profile that allows clone, mount and pivot_root)"
            )

    @contextmanager
    def _filter_fds(self) -> Iterator[tuple[int, ...]]:
        """A descriptor from which bubblewrap reads the seccomp filter once; none where there is no filter."""
        if self._filter is None:
            yield ()
            return
        reading, writing = os.pipe()
        try:
            with open(writing, "wb") as file:
                file.write(self._filter)
            yield (reading,)
        finally:
            os.close(reading)


def _require(tool: str, fix: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise BackendUnavailableError(f"{tool} is not installed; {fix}")
    return found


async def _remove(cgroup: JobCgroup | None) -> None:
    """The kernel may count the last process for a moment after it is gone."""
    for _ in range(REMOVE_TRIES):
        if cgroup is None or cgroup.remove():
            return
        await asyncio.sleep(REMOVE_WAIT_S)
