"""What runs a job inside a sandbox, as seen from the outside, and how it is made to end.

JobInit          what supervision needs
  ExecutedInit   an init process of our own for one job, perhaps wrapped (setpriv, bubblewrap)
  ZygoteJob      one job in a warm zygote (`sandboxes.zygote_slot`)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from typing import Protocol

from sandboxes.channel import Channel, JobPipes, readable
from sandboxes.job import Job, Placement, encode

GONE_S = 2.0
LAST_WORDS_BYTES = 2000


class JobInit(Protocol):
    """A job that is about to run; `close` must be awaited however it goes."""

    pipes: JobPipes
    """Whoever uses our ends closes them."""
    channel: Channel
    """Brings the job's last words."""

    async def begin(self, job: Job, placement: Placement, attach: Callable[[int], None]) -> bool:
        """Hand it the job and have it start; False if it died on the way.

        Args:
            attach: gets the init's pid before anything of the job runs.
        """
        ...

    def ask_to_stop(self) -> None:
        """Have it end the job and report."""
        ...

    def kill(self) -> None:
        """End it and all of the job with it. Does nothing once closed."""
        ...

    async def close(self, *, reported: bool) -> bool:
        """See to it that nothing of the job is left; False if the kernel cannot end it in time.

        Args:
            reported: it has told how the job ended.
        """
        ...


class Process:
    """A process that we started, with a channel to it or to what it became the wrapper of."""

    def __init__(self, command: Callable[[str], Sequence[str]], fds: Sequence[int] = ()) -> None:
        """Start it.

        Args:
            command: makes the command line; its argument is the number of the control descriptor.
            fds: further descriptors that the command needs.

        Raises:
            OSError: no process could be started.
        """
        ours, theirs = socket.socketpair()
        self.channel = Channel(ours)
        self.pipes = JobPipes()
        stdin, stdout, stderr = self.pipes.theirs
        try:
            self._process = subprocess.Popen(
                command(str(theirs.fileno())),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(theirs.fileno(), *fds),
                cwd="/",
                env={"PATH": "/usr/bin:/bin"},
                start_new_session=True,
            )
        except OSError:
            self.channel.close()
            self.pipes.close_ours()
            raise
        finally:
            theirs.close()
            self.pipes.close_theirs()
        self._pidfd = os.pidfd_open(self._process.pid)
        self._inner_pidfd = -1

    async def ready(self) -> int | None:
        """Wait for what runs inside; returns its pid, None if it died before."""
        pid = await self.channel.ready()
        if pid is not None:
            self._inner_pidfd = os.pidfd_open(pid)
        return pid

    def kill(self) -> None:
        """End what runs inside, or the wrapper where there is nothing inside yet."""
        if self._inner_pidfd >= 0:
            _kill(self._inner_pidfd)
        elif self._pidfd >= 0:
            _kill(self._pidfd)

    async def end(self) -> bool:
        """Have it end by itself, else kill it; False if the kernel cannot end it in time."""
        try:
            self.channel.hang_up()
            gone = await self._gone()
            if not gone:
                self.kill()
                gone = await self._gone()
        finally:
            self.channel.close()
            self._release()
        return gone

    async def _gone(self) -> bool:
        if not await _ended(self._pidfd):
            return False
        self._process.wait()
        return True

    def _release(self) -> None:
        for fd in (self._inner_pidfd, self._pidfd):
            if fd >= 0:
                os.close(fd)
        self._inner_pidfd = self._pidfd = -1

    def last_words(self) -> str:
        """What it has written to stderr, for when it will not say more."""
        os.set_blocking(self.pipes.stderr, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self.pipes.stderr, LAST_WORDS_BYTES).decode("utf-8", "replace").strip()
        return ""


class ExecutedInit(Process):
    """See `JobInit`."""

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


def _kill(pidfd: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended already, which is what we want
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


async def _ended(pidfd: int) -> bool:
    try:
        async with asyncio.timeout(GONE_S):
            await readable(pidfd)
    except TimeoutError:
        return False
    return True
