"""Which Python runs inside the sandbox, and what of the machine it needs to see.

The interpreter of this process is best, but it may lie where the sandbox's uid cannot go (a pyenv under a
home folder); then the system's own serves. Both run the init of a job and the programs written in Python.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from sandboxes.errors import BackendUnavailableError

SYSTEM_PYTHONS: tuple[str, ...] = ("/usr/bin/python3", "/usr/local/bin/python3")


@dataclass(frozen=True)
class Interpreter:
    executable: str
    prefix: str
    """The folder to show inside the sandbox; under /usr it is there anyway."""

    @property
    def bin(self) -> str:
        return os.path.dirname(self.executable)


def find_interpreter(*, as_other_uid: bool) -> Interpreter:
    """A Python that the sandbox's uid can start.

    Args:
        as_other_uid: the sandbox runs under another uid than ours, so only what everybody may read counts.

    Raises:
        BackendUnavailableError: there is none.
    """
    own = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    for path, prefix in [(str(own), sys.base_prefix), *((system, "/usr") for system in SYSTEM_PYTHONS)]:
        if os.path.exists(path) and reachable(os.path.realpath(path), everybody=as_other_uid):
            return Interpreter(path, prefix)
    raise BackendUnavailableError(
        f"no Python that the sandbox's user can start: {own} is not open to other users, and none of "
        f"{', '.join(SYSTEM_PYTHONS)} exists; apt-get install python3"
    )


def reachable(path: str, *, everybody: bool) -> bool:
    """May the file be read and its folders passed, by everybody or at least by us?"""
    if not everybody:
        return os.access(path, os.R_OK | os.X_OK)
    folders_open = all(os.stat(folder).st_mode & stat.S_IXOTH for folder in Path(path).parents)
    return folders_open and bool(os.stat(path).st_mode & stat.S_IROTH)
