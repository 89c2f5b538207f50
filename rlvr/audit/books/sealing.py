"""Which files of a run the chain seals besides the ledger's, and how what was left unsealed is adopted.

    a file of the run's directory --seal_file--> one more line of the chain

A file is written whole, and then sealed. A kill between the two leaves a whole file without its line, which
the next process that opens the chain adopts.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.audit.books.chain import Chain
from rlvr.audit.books.storage import TEMPORARY_SUFFIX, sha256_file
from rlvr.errors import LedgerError

WRITTEN_FILES = ("ledger/step=*/attempt=*.parquet", "verdicts/*/part-*.parquet", "evals/step_*.json")
"""What a training or a regrade writes and seals."""


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


def adopt_unsealed(chain: Chain, run_dir: Path) -> None:
    """Seal what a kill or a power cut left without its line in the chain; drop unfinished files.

    Raises:
        LedgerError: one of them is not what its name says.
    """
    for pattern in WRITTEN_FILES:
        folder, _, name = pattern.rpartition("/")
        for unfinished in run_dir.glob(f"{folder}/.{name}{TEMPORARY_SUFFIX}"):
            unfinished.unlink()
        for path in sorted(run_dir.glob(pattern)):
            file = path.relative_to(run_dir)
            if file.as_posix() not in chain.files:
                seal_file(chain, run_dir, file)


def _count_rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise LedgerError(f"{path} is no ledger file, and no run wrote it: {error}; move it away") from error
