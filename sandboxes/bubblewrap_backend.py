"""Each job in its own bubblewrap: no warm start, simple, auditable.

The isolation is `sandboxes.bubblewrap`, what happens inside is `sandboxes.inside.job_init`; this file brings
the two together with a cgroup and a system call filter. Works as root (the job then runs under an
unprivileged uid) and as a plain user.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from sandboxes.base import BackendConfig
from sandboxes.bubblewrap import Bubblewrap, Inner, hard_limits
from sandboxes.cgroups import find_cgroups, remove_when_empty
from sandboxes.init_process import ExecutedInit
from sandboxes.inside_source import init_command
from sandboxes.job import Job, Placement
from sandboxes.pipeline import BinaryCache, Pipeline
from sandboxes.seccomp import filter_program
from sandboxes.supervise import Report, supervise
from sandboxes.types import ExecutionRequest, ExecutionResult


class BubblewrapBackend:
    """See `sandboxes.base.Backend`."""

    name: ClassVar[str] = "bubblewrap"

    def __init__(self, config: BackendConfig) -> None:
        del config  # one sandbox per job: nothing is kept warm, and it is a boundary
        self._bubblewrap = Bubblewrap.find()
        self._bubblewrap.require_isolation()
        self._filter = filter_program()
        self._cgroups = find_cgroups()
        path = self._bubblewrap.path
        self._placement = Placement(
            cwd="/tmp/job", tmp="/tmp", path=path, memory_is_hard=self._cgroups is not None, own_processes=1
        )
        hard = hard_limits(self._cgroups)
        self._pipeline = Pipeline(self.name, hard, path, self._run_job, BinaryCache())

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        return await self._pipeline.run(request)

    def close(self) -> None:
        """Nothing outlives its job here."""

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
            if cgroup is not None:
                await remove_when_empty(cgroup)

    def _start(self, job: Job) -> ExecutedInit:
        with self._filter_fds() as fds:

            def command(control: str) -> tuple[str, ...]:
                init = init_command(self._bubblewrap.interpreter.executable, control)
                return self._bubblewrap.command(Inner(init, job.limits.disk_mb, fds))

            return ExecutedInit(command, fds)

    @contextmanager
    def _filter_fds(self) -> Iterator[tuple[int, ...]]:
        """A descriptor from which bubblewrap reads the filter once; none where there is no filter."""
        if not self._filter:
            yield ()
            return
        reading, writing = os.pipe()
        try:
            with open(writing, "wb") as file:
                file.write(self._filter)
            yield (reading,)
        finally:
            os.close(reading)
