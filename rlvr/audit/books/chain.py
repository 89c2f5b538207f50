"""`ledger/chain.jsonl`: one line for each file of evidence, each line sealing the one before it.

    {"file": "ledger/step=000007/attempt=1.parquet", "previous": "<hash of the line before>",
     "rows": 128, "sha256": "<of the file's bytes>"}

The hash of a line is the SHA-256 of its bytes without the newline; the first line's `previous`
is `GENESIS`. The hash of the last line is the *head*: whoever knows it can tell whether any file
or line was changed, dropped or reordered since. Which files are sealed, and which of them may grow, stands
in `check_files.py`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from rlvr.audit.books.schema import canonical_json
from rlvr.audit.books.storage import append_line, drop_torn_line, open_for_append
from rlvr.errors import LedgerError

CHAIN_FILE = Path("ledger/chain.jsonl")
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the chain; `file` is relative to the run directory."""

    file: str
    sha256: str
    rows: int
    previous: str

    def line(self) -> bytes:
        return canonical_json(asdict(self)).encode()


def line_hash(line: bytes) -> str:
    """The hash that the next line carries as `previous`."""
    return hashlib.sha256(line).hexdigest()


def parse_link(line: bytes) -> Link:
    """Read one line.

    Raises:
        ValueError: it is not a line that `Link.line` wrote.
    """
    try:
        link = Link(**json.loads(line))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a chain line: {error}") from error
    texts = (link.file, link.sha256, link.previous)
    if type(link.rows) is not int or not all(isinstance(text, str) for text in texts):
        raise ValueError("not a chain line: a value is of another type")
    if link.line() != line:
        raise ValueError("not in canonical form")
    return link


class Chain:
    """The chain of one run, open for appending by this process alone.

    Raises:
        LedgerError: another process is writing this run, or the chain cannot be read.
    """

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / CHAIN_FILE
        self._descriptor = open_for_append(self._path)
        self._lock()
        drop_torn_line(self._descriptor)
        lines = self._path.read_bytes().split(b"\n")[:-1]
        self._head = line_hash(lines[-1]) if lines else GENESIS
        self.files = [self._parse(line).file for line in lines]
        """Every file that was sealed, as often and in the order in which it was."""

    @property
    def head(self) -> str:
        return self._head

    def append(self, file: str, sha256: str, rows: int, *, sync: bool = True) -> str:
        """Seal a file that is on the disk; returns the new head.

        Without `sync` a power cut (not a kill) may take the line: for ledger files that is safe,
        since adopting them again in order gives the very same lines.

        Raises:
            LedgerError: the line could not be written.
        """
        line = Link(file=file, sha256=sha256, rows=rows, previous=self._head).line()
        append_line(self._descriptor, self._path, line, sync=sync)
        self._head = line_hash(line)
        self.files.append(file)
        return self._head

    def close(self) -> None:
        """Release the run for other writers; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise LedgerError(
                f"{self._path} is held by another process: this run is still going, or being regraded; "
                "wait for it or stop it first"
            ) from error

    def _parse(self, line: bytes) -> Link:
        try:
            return parse_link(line)
        except ValueError as error:
            self.close()
            raise LedgerError(f"{self._path} was changed by hand: {error}; start a new run") from error
