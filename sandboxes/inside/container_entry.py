"""The first program of a container: fetches its descriptors from the supervisor and becomes the real one.

A container's engine passes no descriptors on, so they come through a unix socket in a directory that the
container mounts. Arguments: the socket's path, NAME=VALUE of the environment, `--`, the command. It says
nothing; it receives one byte with stdin, stdout and stderr, and executes the command, whose control socket
CONTROL is this very connection. The supervisor hanging up before ends it.
"""

from __future__ import annotations

import os
import socket
import sys

CONTROL = 3
DESCRIPTORS = 3


def main() -> None:
    split = sys.argv.index("--")
    environment = dict(pair.split("=", 1) for pair in sys.argv[2:split])
    command = sys.argv[split + 1 :]
    door = socket.socket(socket.AF_UNIX)
    door.connect(sys.argv[1])
    _, fds, _, _ = socket.recv_fds(door, 1, DESCRIPTORS)
    if len(fds) < DESCRIPTORS:
        sys.exit("the supervisor hung up")
    os.dup2(door.fileno(), CONTROL)
    os.set_inheritable(CONTROL, True)  # which it is not yet if it was this number already
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.execvpe(command[0], command, environment)
