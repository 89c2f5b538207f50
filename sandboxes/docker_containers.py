"""Containers as supervision sees them: a channel to the first process, and how it is made to end.

    Container            a running container
      ContainerInit      with the init of one job   (see `sandboxes.init_process.JobInit`)
      ContainerZygote    with a warm zygote         (see `sandboxes.zygote_slot.ZygoteProcess`)

The engine is asked to start a container and, seldom, to change or remove it; that takes it tens of
milliseconds, so it happens in threads. A container whose first process ends is removed by the engine itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Mapping
from typing import ParamSpec, Protocol, Self, TypeVar

from sandboxes.channel import Channel, JobPipes, readable
from sandboxes.docker_cgroup import ContainerCgroup
from sandboxes.docker_door import Door
from sandboxes.docker_spec import ContainerSpec, memory_limit
from sandboxes.errors import BackendUnavailableError
from sandboxes.job import Job, Placement, encode

CONNECT_S = 20.0
"""From a container's start until its first process has come for its descriptors."""
GONE_S = 2.0
LAST_WORDS_BYTES = 2000

P = ParamSpec("P")
T = TypeVar("T")


class Engine(Protocol):
    """What is asked of a Docker engine; blocking, raises BackendUnavailableError."""

    def start(self, name: str, body: Mapping[str, object]) -> None: ...

    def update(self, name: str, limits: Mapping[str, object]) -> None: ...

    def remove(self, name: str) -> None: ...


class Container:
    """A running container whose first process has come for its descriptors; `end` must be awaited."""

    def __init__(
        self, engine: Engine, name: str, connection: socket.socket, pid: int, memory_mb: int
    ) -> None:
        self._engine = engine
        self._name = name
        self._memory_mb = memory_mb
        self._pidfd = os.pidfd_open(pid)
        self._removal: asyncio.Task[None] | None = None
        self.channel = Channel(connection)
        self.pipes = JobPipes()
        self.cgroup = ContainerCgroup.of(pid)

    @classmethod
    async def start(cls, engine: Engine, name: str, spec: ContainerSpec) -> Self:
        """Start a container and give its first process its pipes.

        Raises:
            BackendUnavailableError, OSError: there is none now.
        """
        door = Door(spec.owner)
        try:
            await _to_its_end(engine.start, name, spec.body(os.fspath(door.shown)))
            async with asyncio.timeout(CONNECT_S):
                connection, pid = await door.let_in()
            container = cls(engine, name, connection, pid, spec.memory_mb)
        except TimeoutError as error:
            await _remove(engine, name)
            raise BackendUnavailableError(f"the container did not answer within {CONNECT_S} s") from error
        except BaseException:  # cancelled, too
            await _remove(engine, name)
            raise
        finally:
            door.close()
        try:
            await container.channel.send(b"d", container.pipes.theirs)
        except OSError:
            container.pipes.close_ours()
            await Container.end(container)
            raise
        finally:
            container.pipes.close_theirs()
        return container

    @property
    def memory_mb(self) -> int:
        return self._memory_mb

    @property
    def alive(self) -> bool:
        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        return not poller.poll(0)

    async def set_memory(self, memory_mb: int) -> bool:
        """Change the limit if it is another one; False where more is in use, or the engine does not do it."""
        if memory_mb != self._memory_mb:
            try:
                await _to_its_end(self._engine.update, self._name, memory_limit(memory_mb))
            except BackendUnavailableError:
                return False
            self._memory_mb = memory_mb
        return True

    async def ready(self) -> int | None:
        return await self.channel.ready()

    def kill(self) -> None:
        """End all that is in the container. Does nothing once ended."""
        if self._pidfd < 0:
            return
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return  # it has ended already, which is what we want
        except PermissionError:  # the engine is root and we are not
            self._removal = asyncio.ensure_future(_remove(self._engine, self._name))

    async def end(self) -> bool:
        """Have it end by itself, else kill it, else have the engine try; False if that was too late."""
        try:
            self.channel.hang_up()
            gone = await self._gone()
            if not gone:
                self.kill()
                gone = await self._gone()
        finally:
            self.channel.close()
            os.close(self._pidfd)
            self._pidfd = -1
        if not gone:
            await _remove(self._engine, self._name)
        if self._removal is not None:
            await self._removal
        return gone

    async def _gone(self) -> bool:
        try:
            async with asyncio.timeout(GONE_S):
                await readable(self._pidfd)
        except TimeoutError:
            return False
        return True

    def last_words(self) -> str:
        """What its first process has written to stderr, for when it will not say more."""
        os.set_blocking(self.pipes.stderr, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self.pipes.stderr, LAST_WORDS_BYTES).decode("utf-8", "replace").strip()
        return ""


class ContainerInit(Container):
    """See `sandboxes.init_process.JobInit`."""

    async def begin(self, job: Job, placement: Placement, attach: Callable[[int], None]) -> bool:
        pid = await self.ready()
        if pid is None:
            return False
        attach(pid)
        body = encode(job, placement)
        await self.channel.send(len(body).to_bytes(8, "little") + body)
        return await self.channel.read_line() == b"started\n"

    def ask_to_stop(self) -> None:
        """The init ends the job when it sees the end of our side, and reports."""
        self.channel.hang_up()

    async def close(self, *, reported: bool) -> bool:
        del reported  # it is not gone before its process is
        return await self.end()


class ContainerZygote(Container):
    """See `sandboxes.zygote_slot.ZygoteProcess`."""

    async def end(self) -> bool:
        gone = await super().end()
        self.pipes.close_ours()
        return gone


async def _remove(engine: Engine, name: str) -> None:
    with contextlib.suppress(BackendUnavailableError):  # then the next backend that opens does it
        await _to_its_end(engine.remove, name)


async def _to_its_end(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do a blocking call in a thread and wait for its end even when cancelled: it may have made something."""
    task = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
