"""Inits as seen from the outside: their control socket, the job's pipes, and how they are made to end.

    JobInit          what supervision needs of an init
      ExecutedInit   a process of our own, perhaps wrapped (setpriv, bubblewrap)
      ClonedInit     a clone of a zygote, not our child

An init's pid comes from the credentials that the kernel attaches to its first message, so no wrapper has to
be asked or believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

CREDENTIALS = struct.Struct("=iII")
READY = b"ready\n"
GONE_S = 2.0
MAX_LINE_BYTES = 4096
LAST_WORDS_BYTES = 2000


class JobInit(ABC):
    """An init that was started; `close` must be awaited however the job went.

    `stdin`, `stdout` and `stderr` are the descriptors of our ends of the program's pipes; whoever uses them
    closes them.
    """

    def __init__(self) -> None:
        self._control, self._theirs = socket.socketpair()
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._control.setblocking(False)
        self._buffer = b""
        self._init_pidfd = -1
        stdin, self.stdin = os.pipe()
        self.stdout, stdout = os.pipe()
        self.stderr, stderr = os.pipe()
        self._their_pipes = (stdin, stdout, stderr)

    def _close_their_ends(self) -> None:
        self._theirs.close()
        for fd in self._their_pipes:
            os.close(fd)

    def _close_our_ends(self) -> None:
        self._control.close()
        self.close_pipes()

    def close_pipes(self) -> None:
        for fd in (self.stdin, self.stdout, self.stderr):
            os.close(fd)

    async def ready(self) -> int | None:
        """Wait for the first message; returns the init's pid as we see it, None if it died before."""
        await readable(self._control.fileno())
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
        if self._init_pidfd >= 0:
            _kill(self._init_pidfd)

    async def close(self) -> bool:
        """Have the init end what is left, else kill it; False if the kernel cannot end it in time."""
        try:
            self.ask_to_stop()
            gone = await self._gone()
            if not gone:
                self.kill()
                gone = await self._gone()
        finally:
            self._control.close()
            self._release()
        return gone

    @abstractmethod
    async def _gone(self) -> bool:
        """Wait for the end of the init and of all that depends on it, for GONE_S at most."""

    def _release(self) -> None:
        if self._init_pidfd >= 0:
            os.close(self._init_pidfd)
        self._init_pidfd = -1


class ExecutedInit(JobInit):
    """An init, or a zygote, that we started as a process."""

    def __init__(self, command: Callable[[str], Sequence[str]], fds: Sequence[int] = ()) -> None:
        """Start it.

        Args:
            command: makes the command line; its argument is the number of the control descriptor.
            fds: further descriptors that the command needs.

        Raises:
            OSError: no process could be started.
        """
        super().__init__()
        stdin, stdout, stderr = self._their_pipes
        try:
            self._process = subprocess.Popen(
                command(str(self._theirs.fileno())),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(self._theirs.fileno(), *fds),
                cwd="/",
                env={"PATH": "/usr/bin:/bin"},
                start_new_session=True,
            )
        except OSError:
            self._close_our_ends()
            raise
        finally:
            self._close_their_ends()
        self._process_pidfd = os.pidfd_open(self._process.pid)

    def kill(self) -> None:
        if self._init_pidfd >= 0:
            _kill(self._init_pidfd)
        elif self._process_pidfd >= 0:
            _kill(self._process_pidfd)

    def send_descriptors(self, fds: Sequence[int]) -> None:
        """Pass descriptors on, with one byte."""
        socket.send_fds(self._control, [b"j"], list(fds))

    def last_words(self) -> str:
        """What it has written to stderr, for when it will not say more."""
        os.set_blocking(self.stderr, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self.stderr, LAST_WORDS_BYTES).decode("utf-8", "replace").strip()
        return ""

    async def _gone(self) -> bool:
        if not await _ended(self._process_pidfd):
            return False
        self._process.wait()
        return True

    def _release(self) -> None:
        super()._release()
        if self._process_pidfd >= 0:
            os.close(self._process_pidfd)
        self._process_pidfd = -1


class ClonedInit(JobInit):
    """An init that a zygote clones for us."""

    def __init__(self, hand_over: Callable[[Sequence[int]], None]) -> None:
        """Make the descriptors and hand them over.

        Args:
            hand_over: sends the zygote the init's control socket, stdin, stdout and stderr.

        Raises:
            OSError: the zygote does not take them.
        """
        super().__init__()
        try:
            hand_over((self._theirs.fileno(), *self._their_pipes))
        except OSError:
            self._close_our_ends()
            raise
        finally:
            self._close_their_ends()

    async def _gone(self) -> bool:
        # as process 1 of its pid namespace it ends after everything else in there
        return self._init_pidfd >= 0 and await _ended(self._init_pidfd)


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


async def readable(fd: int) -> None:
    """Wait until the descriptor can be read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
