"""A folder that is there whole or not at all.

    with new_folder(path) as work: ...write into work...      then `work` takes the name `path`

A run that fails removes its work. What a killed run leaves lies beside the name, under
`<name>.partial`, and the next run removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guru_data.errors import PrepareError


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `path` when the block ends well.

    Raises:
        PrepareError: `path` exists, another run is at work on it, or it cannot be written.
    """
    work = path.with_name(f"{path.name}.partial")
    try:
        with _locked(work, path):
            for left in work.iterdir():  # by a run that was killed
                left.unlink()
            try:
                yield work
                _sync(work)
                work.rename(path)
            except BaseException:
                shutil.rmtree(work, ignore_errors=True)
                raise
    except OSError as error:
        raise PrepareError(f"cannot write {work}: {error}") from error


@contextmanager
def _locked(work: Path, path: Path) -> Iterator[None]:
    """Have the work folder, there and for us alone; the lock ends with the process."""
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():
            shutil.rmtree(work, ignore_errors=True)
            raise PrepareError(f"{path} exists: choose another `out`, or remove it")
        yield
    except BlockingIOError as error:
        raise PrepareError(f"another run is preparing {path}") from error
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Have every file on disk before the folder takes its name."""
    for file in folder.iterdir():
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
