"""A warm interpreter that clones an init for each job it is handed.

Runs as process 1 of a sandbox in which it may make namespaces and mounts, started before any task data
exists. It never sees a job: it receives four descriptors (the job's control socket, stdin, stdout, stderr),
clones an init that takes them, and forgets them. One socket, its descriptor given as the only argument:

    supervisor -> zygote   8 bytes little-endian length, then the system call filter
    zygote -> supervisor   "ready"
    supervisor -> zygote   one byte with four descriptors, for each job; closed if no init can be made
"""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

from sandboxes.inside import job_init, lockdown, warm_python

DESCRIPTORS = 4
MAX_FDS = 64


def main() -> None:
    try:
        serve(socket.socket(fileno=int(sys.argv[1])))
    except job_init.RunPython as program:
        job = program.job
    # every frame of ours but this one is gone, so that the program has its whole recursion limit
    os.closerange(3, MAX_FDS + 1)
    warm_python.run_file(job.python_file)


def serve(control: socket.socket) -> None:
    """Clone an init for each message until the supervisor closes its side; then end, and with us all jobs."""
    size = int.from_bytes(job_init.read_exactly(control.fileno(), 8), "little")
    filter_program = job_init.read_exactly(control.fileno(), size)
    machine = os.uname().machine
    warm_python.warm_up()
    control.sendall(job_init.READY)
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1, DESCRIPTORS)
        if not message:
            os._exit(0)
        reap()
        try:
            pid = lockdown.clone_into_namespaces(machine)
        except OSError as error:
            os.write(fds[3], f"{error}\n".encode())
        else:
            if pid == 0:
                be_init(fds, filter_program)
        for fd in fds:
            os.close(fd)


def reap() -> None:
    """Collect inits that have ended; a zombie would count as a process of the next job."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def be_init(fds: list[int], filter_program: bytes) -> NoReturn:
    """In the clone: take the job's descriptors, serve the job, end.

    An error ends the clone as it ends any interpreter, with a traceback on the job's stderr.
    """
    for number, fd in enumerate(fds[1:]):
        os.dup2(fd, number)
    control = os.dup2(fds[0], MAX_FDS)
    os.closerange(3, MAX_FDS)
    os.setsid()

    def prepare(job: job_init.Job) -> None:
        lockdown.mount_fresh(job.disk_bytes)
        lockdown.give_up_privileges(filter_program)

    job_init.serve(control, prepare)
    os._exit(0)
