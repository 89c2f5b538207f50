"""The socket between a supervisor and what it started inside a sandbox: bytes out, lines and bytes in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Sequence

CREDENTIALS = struct.Struct("=iII")
READY = b"ready\n"
MAX_LINE_BYTES = 4096
CHUNK_BYTES = 1 << 16


class Channel:
    """Our end of a connected stream socket. Whoever is at the other end may die at any time, which reads as
    the end of the stream."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        connected.setblocking(False)
        self._socket = connected
        self._buffer = b""

    async def ready(self) -> int | None:
        """Wait for the first message; returns the sender's pid as the kernel tells it to us, so that no
        wrapper has to be asked or believed; None if there is no sender any more."""
        await readable(self._socket.fileno())
        try:
            data, ancillary, _, _ = self._socket.recvmsg(len(READY), socket.CMSG_SPACE(CREDENTIALS.size))
        except ConnectionResetError:
            return None
        return int(CREDENTIALS.unpack(ancillary[0][2])[0]) if data == READY else None

    async def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send all of it, with descriptors beside the first byte.

        Raises:
            OSError: nobody is there.
        """
        sent = socket.send_fds(self._socket, [data[:CHUNK_BYTES]], fds) if fds else 0
        if sent < len(data):
            await asyncio.get_running_loop().sock_sendall(self._socket, data[sent:])

    async def read_line(self) -> bytes:
        """The next line; shorter than that, without its end, if the other side died."""
        while b"\n" not in self._buffer and len(self._buffer) < MAX_LINE_BYTES and await self._receive():
            continue
        line, newline, self._buffer = self._buffer.partition(b"\n")
        return line + newline

    async def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes; fewer if the other side died."""
        chunks = [self._buffer]
        missing = size - len(self._buffer)
        while missing > 0 and await self._receive(keep=False):
            chunks.append(self._buffer)
            missing -= len(self._buffer)
        data = b"".join(chunks)
        self._buffer = data[size:]
        return data[:size]

    async def _receive(self, *, keep: bool = True) -> bool:
        try:
            chunk = await asyncio.get_running_loop().sock_recv(self._socket, CHUNK_BYTES)
        except ConnectionResetError:
            chunk = b""
        self._buffer = self._buffer + chunk if keep else chunk
        return bool(chunk)

    def tell(self, message: bytes) -> None:
        """Send a few bytes now, if anybody is still there."""
        with contextlib.suppress(OSError):
            self._socket.send(message)

    def hang_up(self) -> None:
        """Let the other side see the end of ours."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


class JobPipes:
    """A program's stdin, stdout and stderr: `theirs` to be passed on and closed here, ours by name."""

    def __init__(self) -> None:
        stdin, self.stdin = os.pipe()
        self.stdout, stdout = os.pipe()
        self.stderr, stderr = os.pipe()
        self.theirs = (stdin, stdout, stderr)

    def close_theirs(self) -> None:
        for fd in self.theirs:
            os.close(fd)

    def close_ours(self) -> None:
        for fd in (self.stdin, self.stdout, self.stderr):
            os.close(fd)


async def readable(fd: int) -> None:
    """Wait until the descriptor can be read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
