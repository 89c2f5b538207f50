"""A started job init: its process, its control socket, its pipes, and how it is made to end.

The init may be wrapped (setpriv, bubblewrap); its own pid comes from the credentials that the kernel attaches
to its first message, so no wrapper has to be asked or believed.
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
GONE_S = 2.0
MAX_LINE_BYTES = 4096


class InitProcess:
    """Started by the constructor; `close` must be awaited however the job went.

    `stdin`, `stdout` and `stderr` are the descriptors of our ends of the program's pipes; whoever uses them
    closes them.
    """

    def __init__(
        self, wrap: Callable[[tuple[str, ...]], Sequence[str]], executable: str, fds: Sequence[int]
    ) -> None:
        """Start it.

        Args:
            wrap: makes the whole command line from the init's own.
            executable: the Python that runs the init.
            fds: descriptors that the wrapper needs.

        Raises:
            OSError: no process could be started.
        """
        self._control, theirs = socket.socketpair()
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._control.setblocking(False)
        self._buffer = b""
        self._init_pidfd = -1
        stdin, self.stdin = os.pipe()
        self.stdout, stdout = os.pipe()
        self.stderr, stderr = os.pipe()
        try:
            self._process = subprocess.Popen(
                wrap((executable, "-I", "-S", "-c", init_source(), str(theirs.fileno()))),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(theirs.fileno(), *fds),
                cwd="/",
                env={"PATH": "/usr/bin:/bin"},
                start_new_session=True,
            )
        except OSError:
            self._control.close()
            for fd in (self.stdin, self.stdout, self.stderr):
                os.close(fd)
            raise
        finally:
            theirs.close()
            for fd in (stdin, stdout, stderr):
                os.close(fd)
        self._process_pidfd = os.pidfd_open(self._process.pid)

    async def ready(self) -> int | None:
        """Wait for the first message; returns the init's pid as we see it, None if it died before."""
        await _readable(self._control.fileno())
        data, ancillary, _, _ = self._control.recvmsg(len(READY), socket.CMSG_SPACE(CREDENTIALS.size))
        if data != READY:
            return None
        pid = int(CREDENTIALS.unpack(ancillary[0][2])[0])
        self._init_pidfd = os.pidfd_open(pid)
        return pid

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._control, data)

    async def read_line(self) -> bytes:
        """The next line; shorter than that, without its end, if the init died."""
        while b"\n" not in self._buffer and len(self._buffer) < MAX_LINE_BYTES and await self._receive():
            continue
        line, newline, self._buffer = self._buffer.partition(b"\n")
        return line + newline

    async def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes; fewer if the init died."""
        chunks = [self._buffer]
        missing = size - len(self._buffer)
        self._buffer = b""
        while missing > 0 and await self._receive():
            chunks.append(self._buffer)
            missing -= len(self._buffer)
            self._buffer = b""
        return b"".join(chunks)[:size]

    async def _receive(self) -> bool:
        try:
            chunk = await asyncio.get_running_loop().sock_recv(self._control, 1 << 16)
        except ConnectionResetError:
            return False
        self._buffer += chunk
        return bool(chunk)

    def ask_to_stop(self) -> None:
        """The init ends the job when it sees the end of our side, and reports."""
        with contextlib.suppress(OSError):  # it has ended already
            self._control.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End the init and, where it is process 1, all of the job with it. Does nothing once closed."""
        pidfd = self._init_pidfd if self._init_pidfd >= 0 else self._process_pidfd
        if pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):  # it has ended already, which is what we want
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    async def close(self) -> bool:
        """Have the init end what is left, else kill it; False if the kernel cannot end it in time."""
        try:
            self.ask_to_stop()
            gone = await self._exited(GONE_S)
            if not gone:
                self.kill()
                gone = await self._exited(GONE_S)
        finally:
            self._control.close()
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
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
