"""Write files so that a kill, a crash or a full disk leaves whole files or none.

    table --parquet_bytes--> bytes --write_whole--> a file under its name, or nothing
    line                       --append_line--> one more line of an open file

What cannot be written is a LedgerError: evidence is never dropped to keep a run going.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.errors import LedgerError

TEMPORARY_SUFFIX = ".tmp"


def parquet_bytes(rows: list[dict[str, object]], schema: pa.Schema) -> bytes:
    """Rows as one Parquet file, compressed with zstd."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    return bytes(sink.getvalue())


def write_whole(path: Path, content: bytes) -> str:
    """Put `content` at `path`, replacing what is there, and return its SHA-256.

    The bytes go to a hidden neighbour first and reach the disk before they take the name, so that
    a reader sees the old file or the new one.

    Raises:
        LedgerError: the disk is full or cannot be written.
    """
    neighbour = path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with neighbour.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        neighbour.replace(path)
    except OSError as error:
        neighbour.unlink(missing_ok=True)
        raise _cannot_write(path, error) from error
    return hashlib.sha256(content).hexdigest()


def open_for_append(path: Path) -> int:
    """Open a file to append lines to, making it and its folder where they are missing.

    Raises:
        LedgerError: it cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise _cannot_write(path, error) from error


def drop_torn_line(descriptor: int) -> None:
    """Cut an open file after its last newline: a line torn by a kill was never answered for."""
    content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    os.ftruncate(descriptor, content.rfind(b"\n") + 1)


def append_line(descriptor: int, path: Path, line: bytes, *, sync: bool = True) -> None:
    """Append one line (without its newline) to an open file in one write.

    A kill cannot take it back; with `sync` neither can a power cut.

    Raises:
        LedgerError: the disk is full or cannot be written.
    """
    try:
        written = os.write(descriptor, line + b"\n")
        if sync:
            os.fsync(descriptor)
    except OSError as error:
        raise _cannot_write(path, error) from error
    if written != len(line) + 1:
        raise LedgerError(f"only {written} of {len(line) + 1} bytes fitted into {path}: the disk is full")


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cannot_write(path: Path, error: OSError) -> LedgerError:
    return LedgerError(f"cannot write {path}: {error.strerror}; make room and go on with --resume")
