"""Warm interpreters in bubblewrap sandboxes: a job costs a fork, not the start of a Python.

    slot: bubblewrap -> zygote (warm, powerless outside its sandbox) --fork--> program

The outer sandbox is that of `sandboxes.bubblewrap`; each job has pid, mount and IPC namespaces, a /tmp, a
/proc and a system call filter of its own inside it (`sandboxes.inside`). Slots share no namespace; the jobs
of one slot, which run one after the other, share its empty network namespace.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from sandboxes.base import BackendConfig
from sandboxes.bubblewrap import Bubblewrap, Inner, hard_limits
from sandboxes.cgroups import find_cgroups
from sandboxes.errors import BackendUnavailableError
from sandboxes.init_process import Process
from sandboxes.inside_source import zygote_command
from sandboxes.job import Job, Placement, environment
from sandboxes.pipeline import BinaryCache, Pipeline
from sandboxes.slot_cgroup import SlotCgroup
from sandboxes.supervise import Report
from sandboxes.types import ExecutionRequest, ExecutionResult, Limits
from sandboxes.zygote_slot import Slot, SlotError

CAPABILITIES: tuple[str, ...] = ("CAP_SYS_ADMIN", "CAP_SETPCAP")
"""For a program's process to mount its own file systems and then to give up these two for good."""
ZYGOTE_AND_ITS_PARENTS = 4
"""Processes of the slot that the kernel counts with those of a job, by user: bubblewrap's, the zygote's
parent, the zygote, and process 1 of the job's namespace."""


class BubblewrapZygote(Process):
    """See `sandboxes.zygote_slot.ZygoteProcess`."""

    async def end(self) -> bool:
        gone = await super().end()
        self.pipes.close_ours()
        return gone


class ZygoteBackend:
    """See `sandboxes.base.Backend`."""

    name: ClassVar[str] = "zygote"

    def __init__(self, config: BackendConfig) -> None:
        self._workers = config.workers
        self._bubblewrap = Bubblewrap.find()
        self._bubblewrap.require_isolation()
        self._cgroups = find_cgroups()
        path = self._bubblewrap.path
        self._placement = Placement(
            cwd="/tmp/job",
            tmp="/tmp",
            path=path,
            memory_is_hard=self._cgroups is not None,
            own_processes=ZYGOTE_AND_ITS_PARENTS,
            warm_python=True,
        )
        self._idle: deque[Slot] = deque()
        hard = hard_limits(self._cgroups)
        self._pipeline = Pipeline(self.name, hard, path, self._run_job, BinaryCache())
        self._require_clones()

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        return await self._pipeline.run(request)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().end()

    async def _run_job(self, job: Job) -> Report:
        try:
            slot = self._idle.popleft() if self._idle else await self._start_slot()
        except SlotError as error:
            return Report(failure=str(error))
        try:
            return await slot.run(job, self._placement)
        finally:
            if slot.usable and len(self._idle) < self._workers:
                self._idle.append(slot)
            else:
                await slot.close()

    async def _start_slot(self) -> Slot:
        def command(control: str) -> tuple[str, ...]:
            zygote = zygote_command(self._bubblewrap.interpreter.executable, control)
            env = environment(self._placement)  # programs run in forks and so inherit it
            return self._bubblewrap.command(Inner(zygote, capabilities=CAPABILITIES, env=env))

        return await Slot.start(lambda: BubblewrapZygote(command), self._account)

    def _account(self, zygote_pid: int) -> SlotCgroup | None:
        return SlotCgroup(self._cgroups.create(Limits()), zygote_pid) if self._cgroups else None

    def _require_clones(self) -> None:
        """Run one job, so that a kernel on which clones cannot mount their own /proc says so now."""
        job = Job(("true",), Limits())
        with ThreadPoolExecutor(1) as threads:  # our caller may have an event loop of its own running
            report = threads.submit(asyncio.run, self._probe(job)).result()
        if report.failure or report.code:
            raise BackendUnavailableError(f"the zygote cannot isolate jobs here: {report.failure}")

    async def _probe(self, job: Job) -> Report:
        try:
            slot = await self._start_slot()
        except SlotError as error:
            return Report(failure=str(error))
        try:
            return await slot.run(job, self._placement)
        finally:
            await slot.close()
