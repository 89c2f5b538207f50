"""A warm interpreter that forks a program for each job it is handed, and watches it.

Started in a sandbox of its own before any task data exists. It never sees a job: it gets the limits that it
watches and the program's pipes; the forked process reads the rest from the socket itself. One socket, its
descriptor or its path given as the only argument:

    supervisor -> zygote   8 bytes little-endian length, then the two marshalled system call filters
    zygote -> supervisor   "ready"
    supervisor -> zygote   for each job "j" with three descriptors (stdin, stdout, stderr), `HEADER`, and the
                           marshalled fields of `job_init.Job`; "s" to stop it; closed for the end
    zygote -> supervisor   for each job, when nothing of it is alive any more, the line "ended ..." of
                           `sandboxes.inside.job_init` and the artifact, or the line "failed <why>"
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import socket
import struct
import sys
import time

from sandboxes.inside import job_init, lockdown, namespaces, usage, warm_python

HEADER = struct.Struct("<QddQ")
"""Bytes of the job; wall_s and cpu_s; bytes of memory, 0 when the kernel holds them."""
DESCRIPTORS = 3
INT = struct.Struct("@i")
MAX_FDS = 64
MAX_READY_BYTES = 4096
SETUP_S = 20.0
"""For the forked process to set itself up; not the program's time."""
STOP, JOB = b"s", b"j"


def receive(connection: socket.socket, size: int, most_fds: int) -> tuple[bytes, list[int]]:
    """As socket.recv_fds, without what that imports and allocates at each call."""
    data, ancillary, _, _ = connection.recvmsg(size, socket.CMSG_SPACE(most_fds * INT.size))
    return data, [fd for _, _, sent in ancillary for (fd,) in INT.iter_unpack(sent)]


class SetupError(Exception):
    """The program's process did not come as far as its program."""


def main() -> None:
    zygote = start(connect(sys.argv[1]))
    path = zygote.serve()
    # we are a program's process now, and no frame of ours but this one uses up its recursion limit
    os.closerange(3, MAX_FDS + 1)
    warm_python.run_file(path)


def connect(where: str) -> socket.socket:
    if where.isdigit():
        return socket.socket(fileno=int(where))
    control = socket.socket(socket.AF_UNIX)
    control.connect(where)
    return control


def start(control: socket.socket) -> Zygote:
    """Set everything up and say so."""
    control.set_inheritable(False)
    size = int.from_bytes(job_init.read_exactly(control.fileno(), 8), "little")
    filters = marshal.loads(job_init.read_exactly(control.fileno(), size))
    namespaces.become_process_1()
    job_init.prctl(job_init.PR_SET_DUMPABLE, 0)
    warm_python.warm_up()
    zygote = Zygote(control, lockdown.Lockdown(*filters))
    control.sendall(job_init.READY)
    return zygote


class Zygote:
    """Runs one job after the other."""

    def __init__(self, control: socket.socket, lockdown: lockdown.Lockdown) -> None:
        self._control = control
        self._lockdown = lockdown
        self._namespaces = namespaces.JobNamespaces()
        self._ready, self._done = socket.socketpair()
        # the one signal with a handler, which process 1 of a job's namespace would have, too
        self._interrupt_handler = job_init.libc.signal(signal.SIGINT, job_init.IGNORE)

    def serve(self) -> str:
        """Serve jobs until the supervisor closes its side; then end, and with us all that we started.

        Returns, in a process that is to become a program in Python, the path of that.
        """
        while True:
            tag, fds = receive(self._control, 1, DESCRIPTORS)
            if not tag:
                os._exit(0)
            if tag != JOB:
                continue  # a stop that came when its job had ended
            told = self._run(fds)
            if isinstance(told, str):
                return told
            self._control.sendall(told)

    def _run(self, fds: list[int]) -> bytes | str:
        """Run a job to its end; returns what the supervisor is told, or see `serve`."""
        header = HEADER.unpack(job_init.read_exactly(self._control.fileno(), HEADER.size))
        job_bytes, wall_s, cpu_s, memory_bytes = header
        try:
            init = self._namespaces.enter()
        except OSError as error:
            return f"failed {error}\n".encode()
        program = int(
            job_init.libc.fork()
        )  # not os.fork: its hooks have nothing to mend and touch many pages
        if program == 0:
            return self._become_program(fds, job_bytes)
        self._namespaces.leave()
        for fd in fds:
            os.close(fd)
        if program < 0:
            os._exit(1)  # the machine has no process left for us; a new slot may fare better
        return RunningJob(init, program, cpu_s, memory_bytes).to_end(self._ready, self._control, wall_s)

    def _become_program(self, fds: list[int], job_bytes: int) -> str:
        """In the fork: take the pipes, read the job, set up its sandbox, start it or return its path.

        An error ends it as it ends any interpreter, with a traceback on the job's stderr, and without the
        message that tells the zygote that the program starts.
        """
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
            os.close(fd)
        job = job_init.read_job(self._control.fileno(), job_bytes)
        lockdown.mount_fresh(job.disk_bytes)
        job_init.enter_folder(job)
        started = marshal.dumps((job.artifact, job.artifact_bytes))
        folder = os.open(".", os.O_RDONLY) if job.artifact else -1
        self._lockdown.complete()
        job_init.limit_program(job)
        if job.artifact:
            socket.send_fds(self._done, [started], [folder])
            os.close(folder)
        else:
            self._done.send(started)
        if not job.python_file:
            job_init.execute(job)
        job_init.libc.signal(signal.SIGINT, self._interrupt_handler)
        return job.python_file


class RunningJob:
    """A program, and the process 1 of its namespace."""

    def __init__(self, init: int, program: int, cpu_s: float, memory_bytes: int) -> None:
        self._init, self._program = init, program
        self._cpu_s, self._memory_bytes = cpu_s, memory_bytes
        self._pidfd = os.pidfd_open(program)
        self._status: int | None = None
        self._rss_kb = 0
        self._cpu_before_s = usage.cpu_ended_s()

    def to_end(self, ready: socket.socket, control: socket.socket, wall_s: float) -> bytes:
        """Watch the program until it ends or has to, and end all that is left of the job."""
        folder = -1
        try:
            name, max_bytes, folder = self._set_up(ready)
            started = time.monotonic()
            watched = job_init.Watched(
                self._pidfd, control.fileno(), started + wall_s, self._reap, self._over
            )
            how, code = watched.to_end()
            wall_s = time.monotonic() - started
            self._end_everything()
            if how == "stopped" and not control.recv(1):
                os._exit(0)
            artifact = b""
            if folder >= 0 and (how, code) == ("exit", 0):
                artifact = job_init.read_artifact(name, max_bytes, folder)
            cpu_s = usage.cpu_ended_s() - self._cpu_before_s
            line = job_init.ended_line(how, code, cpu_s, wall_s, self._rss_kb, len(artifact))
            return line + artifact
        except SetupError as error:
            self._end_everything()
            return f"failed {error}\n".encode()
        finally:
            os.close(self._pidfd)
            if folder >= 0:
                os.close(folder)

    def _set_up(self, ready: socket.socket) -> tuple[str, int, int]:
        """Wait until the program starts; returns the artifact's name, its greatest size, and the descriptor
        of the folder it will be in, -1 for no artifact."""
        poller = select.poll()
        poller.register(ready, select.POLLIN)
        poller.register(self._pidfd, select.POLLIN)
        if ready.fileno() not in dict(poller.poll(SETUP_S * 1000)):
            raise SetupError(f"the program's process was not set up ({self._reap()})")
        message, fds = receive(ready, MAX_READY_BYTES, 1)
        name, max_bytes = marshal.loads(message)
        return name, max_bytes, fds[0] if fds else -1

    def _reap(self) -> int | None:
        if self._status is None:
            pid, status, used = os.wait4(self._program, os.WNOHANG)
            if pid:
                self._status, self._rss_kb = status, used.ru_maxrss
        return self._status

    def _over(self) -> str:
        pids = [pid for pid in usage.others() if pid != str(self._init)]
        if usage.cpu_ended_s() - self._cpu_before_s + usage.cpu_living_s(pids) > self._cpu_s:
            return "cpu"
        return "memory" if self._memory_bytes and usage.memory_over(pids, self._memory_bytes) else ""

    def _end_everything(self) -> None:
        """Process 1 of a namespace ends when all others in it have ended and been waited for."""
        os.kill(self._init, signal.SIGKILL)
        if self._status is None:
            _, self._status, used = os.wait4(self._program, 0)
            self._rss_kb = used.ru_maxrss
        os.waitpid(self._init, 0)
