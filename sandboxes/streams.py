"""A program's pipes: stdin fed and stdout and stderr drained while it runs, each with a byte cap.

Reading goes on past the cap (and throws away) so that a program never blocks on a full pipe while it is being
stopped. All of it happens in callbacks of the running event loop. Most programs have ended before it pays to
have the loop look at their pipes, so that begins with `watch`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

CHUNK_BYTES = 1 << 16
READS_AT_ONCE = 4
"""Then others have their turn."""


class Capture:
    """Collects one output stream of a program."""

    def __init__(self, fd: int, cap_bytes: int, on_overflow: Callable[[], None]) -> None:
        self.data = bytearray()
        self.truncated = False
        self._fd = fd
        self._cap_bytes = cap_bytes
        self._on_overflow = on_overflow
        self._loop = asyncio.get_running_loop()
        self._watching = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(fd, False)

    def watch(self) -> None:
        """Read from now on whenever something comes."""
        if not self._watching and not self._ended.done():
            self._watching = True
            self._loop.add_reader(self._fd, self._read)

    async def drained(self, timeout_s: float) -> bool:
        """Wait for the end of the stream; False when somebody still holds it open after the time."""
        if not self._ended.done():
            self._read()  # mostly all of it is there
        if not self._ended.done():
            self.watch()
            await asyncio.wait([self._ended], timeout=timeout_s)
        return self._ended.done()

    def close(self) -> None:
        self._stop_watching()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if not self._ended.done():
            self._ended.cancel()

    def _stop_watching(self) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_reader(self._fd)

    def _read(self) -> None:
        """Take what is there, and see whether that was all: the end is mostly there, too."""
        try:
            for _ in range(READS_AT_ONCE):
                chunk = os.read(self._fd, CHUNK_BYTES)
                if not chunk:
                    self._stop_watching()
                    self._ended.set_result(None)
                    return
                self._keep(chunk)
        except BlockingIOError:
            return

    def _keep(self, chunk: bytes) -> None:
        room = self._cap_bytes - len(self.data)
        self.data += chunk[:room]
        if len(chunk) > room and not self.truncated:
            self.truncated = True
            self._on_overflow()


class Feeder:
    """Writes a program's stdin and closes it; a program that does not read it is no error."""

    def __init__(self, fd: int, data: bytes) -> None:
        self._fd = fd
        self._left = memoryview(data)
        self._loop = asyncio.get_running_loop()
        os.set_blocking(fd, False)
        self._write()  # a pipe takes most inputs whole, before there is anybody to read them
        if self._fd >= 0:
            self._loop.add_writer(fd, self._write)

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _write(self) -> None:
        try:
            if self._left:
                self._left = self._left[os.write(self._fd, self._left) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._left = self._left[:0]
        if not self._left:
            self.close()
