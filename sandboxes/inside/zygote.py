"""A warm interpreter that forks a program for each job it is handed, and watches it.

Started in a sandbox of its own before any task data exists. It never sees a job: the forked process takes
that from the socket itself and tells which limits to watch. The fork, with its namespaces, is made ahead,
while nobody waits for it. Every page that one side writes to is copied, so both do as little as they can. One
socket, its descriptor or its path given as the only argument:

    supervisor -> zygote   8 bytes little-endian length, then the two marshalled system call filters
    zygote -> supervisor   "ready"
    supervisor -> zygote   "b" when the kernel counts what the zygote starts from now on
    supervisor -> fork     for each job "j" with three descriptors (stdin, stdout, stderr), 8 bytes
                           little-endian length, the marshalled fields of `job_init.Job`; closed for the end
    supervisor -> zygote   "s" to stop the job; it may have ended meanwhile
    zygote -> supervisor   for each job, when nothing of it is alive any more, the line "ended ..." of
                           `sandboxes.inside.job_init` and the artifact, or the line "failed <why>"
"""

from __future__ import annotations

import marshal
import os
import signal
import socket
import struct
import sys

from sandboxes.inside import fork, job_init, lockdown, namespaces, warm_python

BEGIN, JOB, STOP = b"b", b"j", b"s"
HANDED_BYTES = len(JOB) + 8
DESCRIPTORS = struct.Struct("@3i")
DESCRIPTORS_SPACE = socket.CMSG_SPACE(DESCRIPTORS.size)
MAX_FDS = 64


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
    if control.recv(1) != BEGIN:
        os._exit(0)
    return zygote


class Zygote:
    """Runs one job after the other."""

    def __init__(self, control: socket.socket, lockdown: lockdown.Lockdown) -> None:
        self._control = control
        self._lockdown = lockdown
        self._namespaces = namespaces.JobNamespaces()
        self._ours, self._theirs = socket.socketpair()
        # the one signal with a handler, which process 1 of a job's namespace would have, too
        self._interrupt_handler = job_init.libc.signal(signal.SIGINT, job_init.IGNORE)

    def serve(self) -> str:
        """Serve jobs until the supervisor closes its side; then end, and with us all that we started.

        Returns, in a process that is to become a program in Python, the path of that.
        """
        while True:
            init = self._namespaces.enter()
            # not os.fork: its hooks have nothing to mend and touch many pages
            program = int(job_init.libc.fork())
            if program == 0:
                return self._become_program()
            self._namespaces.leave()
            if program < 0:
                os._exit(1)  # the machine has no process left for us; a new slot may fare better
            forked = fork.Fork(init, program, self._ours, self._control)
            self._control.sendall(forked.to_end())

    def _become_program(self) -> str:
        """In the fork: set up the sandbox, wait for the job, start it or return its path.

        An error ends it as it ends any interpreter, with a traceback on the job's stderr, and without the
        message that tells the zygote that the program starts.
        """
        lockdown.mount_fresh()
        job = self._take_job()
        lockdown.limit_disk(job.disk_bytes)
        job_init.enter_folder(job)
        folder = os.open(".", os.O_RDONLY) if job.artifact else -1
        self._lockdown.complete()
        job_init.limit_program(job)
        started = fork.STARTED.pack(job.wall_s, job.cpu_s, job.memory_bytes, job.artifact_bytes)
        if job.artifact:
            socket.send_fds(self._theirs, [started + job.artifact.encode()], [folder])
            os.close(folder)
        else:
            self._theirs.send(started)
        if not job.python_file:
            job_init.execute(job)
        job_init.libc.signal(signal.SIGINT, self._interrupt_handler)
        return job.python_file

    def _take_job(self) -> job_init.Job:
        """Wait for a job, make its pipes our stdin, stdout and stderr; end when there will be none."""
        handed, pipes = b"", b""
        while len(handed) < HANDED_BYTES:
            data, ancillary, _, _ = self._control.recvmsg(
                HANDED_BYTES - len(handed), DESCRIPTORS_SPACE, socket.MSG_CMSG_CLOEXEC
            )
            if not data:
                os._exit(0)
            if ancillary:
                pipes = ancillary[0][2]
            handed = (handed + data).lstrip(STOP)
        stdin, stdout, stderr = DESCRIPTORS.unpack(pipes)
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        return job_init.read_job(self._control.fileno(), int.from_bytes(handed[1:], "little"))
