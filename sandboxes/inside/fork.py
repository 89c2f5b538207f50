"""A fork as its zygote sees it: the process that becomes a program, and process 1 of its namespace."""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import struct
import time

from sandboxes.inside import job_init, usage

STARTED = struct.Struct("<ddQQ")
"""wall_s, cpu_s, bytes of memory (0 when the kernel holds them), greatest size of the artifact; the name of
that follows."""
STARTED_BYTES = 4096
FOLDER = struct.Struct("@i")
NO_MORE_JOBS = 0
"""The wait status of a process that has seen the end of the supervisor's side instead of a job."""


class SetupError(Exception):
    """The forked process did not come as far as its program."""


class Fork:
    """Waits for its job; `to_end` sees that through."""

    def __init__(self, init: int, program: int, channel: socket.socket, control: socket.socket) -> None:
        """Args:
        init: process 1 of the job's pid namespace.
        program: the process that becomes the program.
        channel: to that process, until the program starts.
        control: to the supervisor.
        """
        self._init, self._program, self._channel, self._control = init, program, channel, control
        self._pidfd = os.pidfd_open(program)
        self._status: int | None = None
        self._used: resource.struct_rusage | None = None

    def to_end(self) -> bytes:
        """Watch the program, once it has its job, until it ends or has to; end all that is left of it; return
        what the supervisor is told."""
        folder = -1
        try:
            wall_s, cpu_s, memory_bytes, max_bytes, name, folder = self._started()
            began = time.monotonic()
            watched = job_init.Watched(
                self._pidfd,
                self._control.fileno(),
                began + wall_s,
                self._reap,
                lambda: self._over(cpu_s, memory_bytes),
            )
            how, code = watched.to_end()
            took_s = time.monotonic() - began
            used = self._end_everything()
            if how == "stopped" and not self._control.recv(1):
                os._exit(0)
            artifact = b""
            if folder >= 0 and (how, code) == ("exit", 0):
                artifact = job_init.read_artifact(name, max_bytes, folder)
            used_s = used.ru_utime + used.ru_stime
            return job_init.ended_line(how, code, used_s, took_s, used.ru_maxrss, len(artifact)) + artifact
        except SetupError as error:
            self._end_everything()
            return f"failed {error}\n".encode()
        finally:
            os.close(self._pidfd)
            if folder >= 0:
                os.close(folder)

    def _started(self) -> tuple[float, float, int, int, str, int]:
        """Wait until the program starts; returns the fields of `STARTED`, the artifact's name, and the
        descriptor of the folder it will be in, -1 for no artifact."""
        poller = select.poll()
        poller.register(self._channel, select.POLLIN)
        poller.register(self._pidfd, select.POLLIN)
        if self._channel.fileno() not in dict(poller.poll()):
            if self._reap() == NO_MORE_JOBS:
                os._exit(0)
            raise SetupError(f"the program's process was not set up ({self._status})")
        message, ancillary, _, _ = self._channel.recvmsg(STARTED_BYTES, socket.CMSG_SPACE(FOLDER.size))
        folder = FOLDER.unpack(ancillary[0][2])[0] if ancillary else -1
        return *STARTED.unpack_from(message), message[STARTED.size :].decode(), folder

    def _reap(self) -> int | None:
        if self._status is None:
            pid, status, used = os.wait4(self._program, os.WNOHANG)
            if pid:
                self._status, self._used = status, used
        return self._status

    def _over(self, cpu_s: float, memory_bytes: int) -> str:
        pids = [pid for pid in usage.others() if pid != str(self._init)]
        if usage.cpu_living_s(pids) > cpu_s:
            return "cpu"
        return "memory" if memory_bytes and usage.memory_over(pids, memory_bytes) else ""

    def _end_everything(self) -> resource.struct_rusage:
        """Process 1 of a namespace ends when all others in it have ended and been waited for. Returns what
        the program and the children that it has waited for used."""
        os.kill(self._init, signal.SIGKILL)
        if self._used is None:
            _, self._status, self._used = os.wait4(self._program, 0)
        os.waitpid(self._init, 0)
        return self._used
