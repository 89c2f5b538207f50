"""`problems.parquet`: each problem as it was trained on, once.

    Problem --ProblemBook.add--> problems.journal.jsonl --merge--> problems.parquet

New problems reach the journal before the step's ledger rows are written, so that a killed run
lacks none; the journal goes into the Parquet file when the run ends. `read_problems` reads both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from guru_data import Problem
from rlvr.audit.books.rows import problem_row
from rlvr.audit.books.schema import PROBLEM_SCHEMA, canonical_json
from rlvr.audit.books.storage import append_line, drop_torn_line, open_for_append, parquet_bytes, write_whole
from rlvr.errors import LedgerError

PROBLEMS_FILE = Path("problems.parquet")
JOURNAL_FILE = Path("problems.journal.jsonl")


class ProblemBook:
    """Collects the problems of one run; one writer at a time (the chain's lock sees to that)."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._seen = _keys(read_problems(run_dir))
        self._descriptor = -1

    def add(self, problems: Iterable[Problem]) -> None:
        """Write down the problems not seen before.

        Raises:
            LedgerError: the disk is full or cannot be written.
        """
        lines: list[str] = []
        for problem in problems:
            key = (problem.id, problem.content_hash)
            if key not in self._seen:
                self._seen.add(key)
                lines.append(canonical_json(problem_row(problem)))
        if lines:
            text = "\n".join(lines).encode()
            append_line(self._journal(), self._run_dir / JOURNAL_FILE, text, sync=False)

    def merge(self) -> tuple[str, int]:
        """Write `problems.parquet` and drop the journal; returns the file's SHA-256 and row count.

        Raises:
            LedgerError: the disk is full or cannot be written.
        """
        rows = read_problems(self._run_dir).to_pylist()
        digest = write_whole(self._run_dir / PROBLEMS_FILE, parquet_bytes(rows, PROBLEM_SCHEMA))
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        (self._run_dir / JOURNAL_FILE).unlink(missing_ok=True)
        return digest, len(rows)

    def _journal(self) -> int:
        if self._descriptor < 0:
            self._descriptor = open_for_append(self._run_dir / JOURNAL_FILE)
            drop_torn_line(self._descriptor)
        return self._descriptor


def read_problems(run_dir: Path) -> pa.Table:
    """All problems of a run in `PROBLEM_SCHEMA`, journal included; no rows if there are none.

    Raises:
        LedgerError: a file is damaged.
    """
    path, journal = run_dir / PROBLEMS_FILE, run_dir / JOURNAL_FILE
    try:
        # The journal first: a run that ends meanwhile merges it, and drops it after that.
        lines = _lines(journal)
        merged = pq.read_table(path, schema=PROBLEM_SCHEMA) if path.exists() else PROBLEM_SCHEMA.empty_table()
        known = _keys(merged)
        fresh = [row for row in map(json.loads, lines) if (row["id"], row["hash"]) not in known]
        return pa.concat_tables([merged, pa.Table.from_pylist(fresh, schema=PROBLEM_SCHEMA)])
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise LedgerError(f"the problems of {run_dir} cannot be read: {error!r}") from error


def _lines(journal: Path) -> list[bytes]:
    """Whole lines: one torn by a kill has no newline. None of a missing file."""
    try:
        return journal.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []


def _keys(problems: pa.Table) -> set[tuple[str, str]]:
    """A problem is known by its id and its content; two may ask the same thing."""
    return set(zip(problems["id"].to_pylist(), problems["hash"].to_pylist(), strict=True))
