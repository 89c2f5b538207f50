"""A fork as its zygote sees it: the process that becomes a program, and process 1 of its namespace."""

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import struct
import time

from sandboxes.inside import job_init, usage

INT = struct.Struct("@i")
MAX_STARTED_BYTES = 4096
SETUP_S = 20.0
"""For the forked process to set itself up; not the program's time."""


class SetupError(Exception):
    """The forked process did not come as far as its program."""


class Fork:
    """Waits for its job; `to_end` sees that through."""

    def __init__(self, init: int, program: int, channel: socket.socket) -> None:
        """Args:
        init: process 1 of the job's pid namespace.
        program: the process that becomes the program.
        channel: to that process, until the program starts.
        """
        self._init, self._program, self._channel = init, program, channel
        self._pidfd = os.pidfd_open(program)
        self._status: int | None = None
        self._rss_kb = 0
        self._cpu_before_s = usage.cpu_ended_s()

    def to_end(self, control: socket.socket, wall_s: float, cpu_s: float, memory_bytes: int) -> bytes:
        """Watch the program, which has been handed its job, until it ends or has to; end all that is left of
        it; return what the supervisor is told."""
        folder = -1
        try:
            name, max_bytes, folder = self._started()
            began = time.monotonic()
            watched = job_init.Watched(
                self._pidfd,
                control.fileno(),
                began + wall_s,
                self._reap,
                lambda: self._over(cpu_s, memory_bytes),
            )
            how, code = watched.to_end()
            took_s = time.monotonic() - began
            self._end_everything()
            if how == "stopped" and not control.recv(1):
                os._exit(0)
            artifact = b""
            if folder >= 0 and (how, code) == ("exit", 0):
                artifact = job_init.read_artifact(name, max_bytes, folder)
            used_s = usage.cpu_ended_s() - self._cpu_before_s
            line = job_init.ended_line(how, code, used_s, took_s, self._rss_kb, len(artifact))
            return line + artifact
        except SetupError as error:
            self._end_everything()
            return f"failed {error}\n".encode()
        finally:
            os.close(self._pidfd)
            if folder >= 0:
                os.close(folder)

    def _started(self) -> tuple[str, int, int]:
        """Wait until the program starts; returns the artifact's name, its greatest size, and the descriptor
        of the folder it will be in, -1 for no artifact."""
        poller = select.poll()
        poller.register(self._channel, select.POLLIN)
        poller.register(self._pidfd, select.POLLIN)
        if self._channel.fileno() not in dict(poller.poll(SETUP_S * 1000)):
            raise SetupError(f"the program's process was not set up ({self._reap()})")
        message, fds = receive(self._channel, MAX_STARTED_BYTES, 1)
        name, max_bytes = marshal.loads(message)
        return name, max_bytes, fds[0] if fds else -1

    def _reap(self) -> int | None:
        if self._status is None:
            pid, status, used = os.wait4(self._program, os.WNOHANG)
            if pid:
                self._status, self._rss_kb = status, used.ru_maxrss
        return self._status

    def _over(self, cpu_s: float, memory_bytes: int) -> str:
        pids = [pid for pid in usage.others() if pid != str(self._init)]
        if usage.cpu_ended_s() - self._cpu_before_s + usage.cpu_living_s(pids) > cpu_s:
            return "cpu"
        return "memory" if memory_bytes and usage.memory_over(pids, memory_bytes) else ""

    def _end_everything(self) -> None:
        """Process 1 of a namespace ends when all others in it have ended and been waited for."""
        os.kill(self._init, signal.SIGKILL)
        if self._status is None:
            _, self._status, used = os.wait4(self._program, 0)
            self._rss_kb = used.ru_maxrss
        os.waitpid(self._init, 0)


def receive(connection: socket.socket, size: int, most_fds: int) -> tuple[bytes, list[int]]:
    """As socket.recv_fds, without what that imports and allocates at each call."""
    data, ancillary, _, _ = connection.recvmsg(size, socket.CMSG_SPACE(most_fds * INT.size))
    return data, [fd for _, _, sent in ancillary for (fd,) in INT.iter_unpack(sent)]
