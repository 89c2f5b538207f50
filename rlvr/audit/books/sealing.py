"""How a file of a run is sealed, and what a kill left unsealed is found.

    a file of the run's directory --seal_file--> one more line of the chain

A file is written whole, and then sealed. A kill between the two leaves a whole file without its line. The
next process that opens the chain adopts it, if a kill can have left it: opinions here, what training writes
in `ledger.py`. Any other file was put there by somebody, and sealing it would say that the run wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.audit.books.chain import Chain
from rlvr.audit.books.manifest import MANIFEST_FILE
from rlvr.audit.books.problems import PROBLEMS_FILE
from rlvr.audit.books.storage import TEMPORARY_SUFFIX, sha256_file
from rlvr.errors import LedgerError

OPINIONS = "verdicts"
"""The folder of second opinions, in which each has one of its own."""

ENDS = (MANIFEST_FILE, PROBLEMS_FILE)
"""What an attempt seals first, and what last."""


def seal_file(chain: Chain, run_dir: Path, file: Path) -> str:
    """Seal a file, relative to the run's directory; returns the new head.

    Raises:
        LedgerError: it is no readable file of this run, or the line could not be written.
    """
    path = run_dir / file
    try:
        digest = sha256_file(path)
    except OSError as error:
        raise LedgerError(f"{path} cannot be sealed: {error}") from error
    rows = _count_rows(path) if path.suffix == ".parquet" else 0
    return chain.append(file.as_posix(), digest, rows)


def adopt_opinions(chain: Chain, run_dir: Path, name: str = "*") -> None:
    """Seal the part of a second opinion, or of each, that a kill left without its line in the chain.

    Raises:
        LedgerError: it is no part of an opinion, or more than the one that a kill can leave.
    """
    for folder in sorted((run_dir / OPINIONS).glob(name)):
        parts = unsealed(chain, run_dir, f"{OPINIONS}/{folder.name}/part-*.parquet")
        if len(parts) > 1:
            raise LedgerError(
                f"{run_dir / parts[1]} was added by hand: a kill leaves one part unsealed; move it away"
            )
        for part in parts:
            seal_file(chain, run_dir, part)


def unsealed(chain: Chain, run_dir: Path, pattern: str) -> list[Path]:
    """Files of a pattern that are not in the chain, in order; what a kill left half written is dropped."""
    folder, _, name = pattern.rpartition("/")
    for unfinished in run_dir.glob(f"{folder}/.{name}{TEMPORARY_SUFFIX}"):
        unfinished.unlink()
    found = (path.relative_to(run_dir) for path in sorted(run_dir.glob(pattern)))
    sealed = set(chain.files)
    return [file for file in found if file.as_posix() not in sealed]


def has_ended(files: Sequence[str]) -> bool:
    """Whether the last attempt closed its books, from the files that the chain names, in its order.

    An attempt seals its manifest first and the problems last. In between it is under way, or was killed.
    """
    begun, closed = ([place for place, file in enumerate(files) if file == str(name)] for name in ENDS)
    return bool(closed) and (not begun or closed[-1] > begun[-1])


def _count_rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise LedgerError(f"{path} is no ledger file, and no run wrote it: {error}; move it away") from error
