"""The two ways to run jobs in containers: a new one for each job, or warm ones that serve many.

Strict: Job -> a new container with an init  -> Report
Warm:   Job -> an idle container's zygote    -> Report
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sandboxes.docker_containers import Container, ContainerInit, ContainerZygote, Engine
from sandboxes.docker_door import NAME
from sandboxes.docker_spec import DOOR_INSIDE, ContainerSpec
from sandboxes.errors import BackendUnavailableError
from sandboxes.inside_source import entry_command, init_command, zygote_command
from sandboxes.job import Job, Placement, environment
from sandboxes.languages import SYSTEM_PATH
from sandboxes.supervise import Report, supervise
from sandboxes.types import Limits
from sandboxes.zygote_slot import Slot, SlotError

CONTROL = "3"
"""The descriptor of the control socket; see `sandboxes.inside.container_entry`."""
OWN_PROCESSES = 3
"""Processes of the slot itself that the kernel counts with those of a job, by user: the zygote's parent, the
zygote, and process 1 of the job's namespace."""
MOST_PROCESSES = 4096 + 64
"""For a warm container; what one job may have is held inside."""
PLACEMENT = Placement(cwd="/tmp/job", tmp="/tmp", path=SYSTEM_PATH, memory_is_hard=False, own_processes=None)

C = TypeVar("C", bound=Container)


@dataclass
class Maker:
    """Starts containers of one backend."""

    engine: Engine
    owner: str
    image: str
    runtime: str
    apparmor: bool
    limits_memory: bool
    """The engine can hold the memory of a container."""
    counted: bool = False
    """The counts of its containers can be read."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def start(self, kind: type[C], command: tuple[str, ...], limits: Limits, *, zygote: bool) -> C:
        """Start a container; raises what `Container.start` raises."""
        entry = entry_command(f"{DOOR_INSIDE}/{NAME}", environment(PLACEMENT), command)
        spec = ContainerSpec(
            image=self.image,
            command=entry,
            owner=self.owner,
            memory_mb=limits.memory_mb,
            pids=MOST_PROCESSES if zygote else limits.pids + 1,
            disk_mb=limits.disk_mb,
            makes_namespaces=zygote,
            runtime=self.runtime,
            apparmor=self.apparmor,
        )
        container = await kind.start(self.engine, f"sandbox-{self.owner}-{next(self._numbers)}", spec)
        self.counted = container.cgroup is not None
        return container

    @property
    def memory_is_hard(self) -> bool:
        """Where the counts cannot be read nobody would know that memory was what ended a job."""
        return self.limits_memory and self.counted


class Strict:
    """A container for each job."""

    def __init__(self, maker: Maker, workers: int) -> None:
        del workers  # nothing is kept
        self._maker = maker

    async def run_job(self, job: Job) -> Report:
        command = init_command("python3", CONTROL)
        try:
            init = await self._maker.start(ContainerInit, command, job.limits, zygote=False)
        except (BackendUnavailableError, OSError) as error:
            return Report(failure=str(error))
        if init.cgroup is not None:
            init.cgroup.begin(job.limits)
        placement = replace(PLACEMENT, memory_is_hard=self._maker.memory_is_hard)
        return await supervise(init, job, placement, init.cgroup)

    def close(self) -> None:
        """Nothing outlives its job here."""


class Warm:
    """Containers with a zygote, each serving one job after the other."""

    def __init__(self, maker: Maker, workers: int) -> None:
        self._maker = maker
        self._workers = workers
        self._idle: list[WarmSlot] = []

    async def run_job(self, job: Job) -> Report:
        try:
            warm = await self._take(job.limits)
        except (BackendUnavailableError, SlotError, OSError) as error:
            return Report(failure=str(error))
        try:
            return await warm.slot.run(job, warm.placement)
        finally:
            if warm.slot.usable and len(self._idle) < self._workers:
                self._idle.append(warm)
            else:
                await warm.slot.close()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().slot.end()

    async def _take(self, limits: Limits) -> WarmSlot:
        """A living slot with that much memory; changing an idle one's costs less than starting another."""
        self._idle.sort(key=lambda warm: warm.container.memory_mb == limits.memory_mb)
        while self._idle:
            warm = self._idle.pop()
            fits = False
            try:
                fits = warm.container.alive and await warm.container.set_memory(limits.memory_mb)
            finally:
                if not fits:
                    await warm.slot.close()
            if fits:
                return warm
        return await self._start(limits)

    async def _start(self, limits: Limits) -> WarmSlot:
        command = zygote_command("python3", CONTROL)
        zygote = await self._maker.start(ContainerZygote, command, limits, zygote=True)
        slot = await Slot.start(lambda: zygote, lambda _: zygote.cgroup)
        placement = replace(
            PLACEMENT,
            memory_is_hard=self._maker.memory_is_hard,
            own_processes=OWN_PROCESSES,
            warm_python=True,
        )
        return WarmSlot(slot, zygote, placement)


@dataclass(frozen=True)
class WarmSlot:
    slot: Slot
    container: ContainerZygote
    placement: Placement
