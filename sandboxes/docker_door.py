"""How a container's first process gets its descriptors: through a door that opens once.

The door is a listening socket in a directory of its own, which the container mounts. It lets one process in
and is gone, socket and directory, before any program exists. Descriptors can only travel between processes of
one kernel, so the engine must run on this machine, in our pid namespace or below it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

from sandboxes.docker_owner import is_alive
from sandboxes.errors import BackendUnavailableError

NAME = "door"
PEER = struct.Struct("=iII")
PREFIX = "sandbox-door-"
AFTER_MARK = "."


class Door:
    """A listening socket for one container; `close` it however it went.

    Args:
        owner: the mark of whose container it is.
    """

    def __init__(self, owner: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{owner}{AFTER_MARK}"))  # closed to other users
        self.shown = self._folder / "shown"
        """What the container mounts: open to its uid."""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self.shown.mkdir()
            self.shown.chmod(0o755)
            self._socket.setblocking(False)
            self._socket.bind(os.fspath(self.shown / NAME))
            (self.shown / NAME).chmod(0o666)
            self._socket.listen(1)
        except OSError:
            self.close()
            raise

    async def let_in(self) -> tuple[socket.socket, int]:
        """Wait for the container's first process; returns the connection and the process' pid.

        Raises:
            BackendUnavailableError: it is not a process of this machine.
        """
        connection, _ = await asyncio.get_running_loop().sock_accept(self._socket)
        pid, _, _ = PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))
        if pid == 0:
            connection.close()
            raise BackendUnavailableError(
                "the container's processes cannot be seen from here: the Docker engine must run on this "
                "machine, and where we are in a container ourselves, that one needs --pid=host"
            )
        return connection, pid

    def close(self) -> None:
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)  # nothing in it is worth failing for


def remove_doors_of_the_dead() -> None:
    """Those that a supervisor left when it was killed while a container of it started."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*{AFTER_MARK}*"):
        mark = folder.name.removeprefix(PREFIX).partition(AFTER_MARK)[0]
        with suppress(FileNotFoundError):  # another supervisor removes it, too
            if folder.lstat().st_uid == os.getuid() and not is_alive(mark):
                shutil.rmtree(folder)
