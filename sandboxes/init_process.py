"""A started job init: its process, its control socket, its pipes, and how it is made to end.

The init may be wrapped (setpriv, bubblewrap); its own pid comes from the credentials that the kernel
attaches to its first message, so no wrapper has to be asked or believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Sequence
from importlib import resources

CREDENTIALS = struct.Struct("=iII")
READY = b"ready\n"
GONE_S = 5.0


class InitProcess:
    """Started by the constructor; `close` must be awaited however the job went."""

    def __init__(
        self, command: Callable[[tuple[str, ...]], Sequence[str]], executable: str, fds: Sequence[int]
    ):
        """Start it.

        Args:
            command: makes the whole command line from the init's own.
            executable: the Python that runs the init.
            fds: descriptors that the wrapper needs.
        """
        self.control, theirs = socket.socketpair()
        self.control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.control.setblocking(False)
        stdin, self.stdin = os.pipe()
        self.stdout, stdout = os.pipe()
        self.stderr, stderr = os.pipe()
        init = (executable, "-I", "-S", "-c", init_source(), str(theirs.fileno()))
        try:
            self._process = subprocess.Popen(
                command(init),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(theirs.fileno(), *fds),
                cwd="/",
                env={"PATH": "/usr/bin:/bin"},
                start_new_session=True,
            )
        finally:
            theirs.close()
            for fd in (stdin, stdout, stderr):
                os.close(fd)
        self._process_pidfd = os.pidfd_open(self._process.pid)
        self._init_pidfd = -1

    async def ready(self) -> int | None:
        """Wait for the first message; returns the init's pid as we see it, None if it died before."""
        await _readable(self.control.fileno())
        data, ancillary, _, _ = self.control.recvmsg(len(READY), socket.CMSG_SPACE(CREDENTIALS.size))
        if data != READY:
            return None
        pid = CREDENTIALS.unpack(ancillary[0][2])[0]
        self._init_pidfd = os.pidfd_open(pid)
        return int(pid)

    def kill(self) -> None:
        """End the init, and with it, where it is process 1, everything of the job. Does nothing once
        closed."""
        pidfd = self._init_pidfd if self._init_pidfd >= 0 else self._process_pidfd
        if pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):  # it has ended already, which is what we want
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    async def close(self) -> bool:
        """Kill what is left and wait until it is gone; False if the kernel cannot end it in time."""
        try:
            self.kill()
            gone = await self._exited(GONE_S)
            if not gone:
                self._process.kill()
                gone = await self._exited(GONE_S)
        finally:
            self.control.close()
            for fd in (self._process_pidfd, self._init_pidfd):
                if fd >= 0:
                    os.close(fd)
            self._process_pidfd = self._init_pidfd = -1
        return gone

    async def _exited(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await _readable(self._process_pidfd)
        except TimeoutError:
            return False
        self._process.wait()
        return True


def init_source() -> str:
    return resources.files("sandboxes").joinpath("job_init.py").read_text()


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(fd)
