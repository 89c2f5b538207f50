"""The ledger: what became of every requested rollout, on disk before its reward is used.

    list[ScoredGroup] --Ledger.record--> ledger/step=NNNNNN/attempt=K.parquet + one line of the chain

A step is written whole or not at all, once per attempt; a resume begins a new attempt, and the
steps it repeats stay beside the old ones. Metrics, manifest and report are others' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from guru_data import Problem
from rlvr.audit.books.balance import check_groups
from rlvr.audit.books.chain import Chain
from rlvr.audit.books.metrics import METRICS_FILE, metrics_digest
from rlvr.audit.books.problems import PROBLEMS_FILE, ProblemBook
from rlvr.audit.books.rows import ledger_rows
from rlvr.audit.books.schema import LEDGER_SCHEMA, Row
from rlvr.audit.books.sealing import adopt_unsealed, seal_file
from rlvr.audit.books.storage import parquet_bytes, write_whole
from rlvr.errors import LedgerError
from rlvr.rollouts import ScoredGroup

LEDGER_FILE = re.compile(r"ledger/step=(\d{6,})/attempt=(\d+)\.parquet")


def ledger_file(step: int, attempt: int) -> str:
    """Where the rows of one step of one attempt lie, relative to the run directory."""
    return f"ledger/step={step:06d}/attempt={attempt}.parquet"


class Ledger:
    """Writes one attempt of one run; refuses to write a second time what is already written.

    Raises:
        LedgerError: another process is writing this run, or the attempt was already begun.
    """

    def __init__(self, run_dir: Path, run_id: str, attempt: int) -> None:
        self._run_dir, self._run_id, self._attempt = run_dir, run_id, attempt
        self._chain = Chain(run_dir)
        adopt_unsealed(self._chain, run_dir)
        if any(_attempt_of(file) == attempt for file in self._chain.files):
            self.close()
            raise LedgerError(f"attempt {attempt} of {run_dir} was already begun; a resume takes the next")
        self._problems = ProblemBook(run_dir)

    @property
    def head(self) -> str:
        """Hash of the chain's last line; belongs into every checkpoint and the log."""
        return self._chain.head

    def record(self, step: int, scored: Sequence[ScoredGroup]) -> str:
        """Write the rows of one step and return the new head; only then may its rewards be used.

        Raises:
            LedgerError: requested != used + dropped, the step was recorded already, or the disk
                is full. Nothing of the step counts as recorded then.
        """
        check_groups(step, scored)
        rows = ledger_rows(
            scored, run_id=self._run_id, step=step, attempt=self._attempt, created_at=datetime.now(UTC)
        )
        return self.write(step, rows, [group.group.problem for group in scored])

    def write(self, step: int, rows: Sequence[Row], problems: Iterable[Problem]) -> str:
        """Write rows that are made and accounted for already, those of an import; returns the new head.

        Raises:
            LedgerError: the step was recorded already, or the disk is full.
        """
        file = ledger_file(step, self._attempt)
        if file in self._chain.files:
            raise LedgerError(f"{file} is already written: a step is recorded once per attempt")
        self._problems.add(problems)
        digest = write_whole(self._run_dir / file, parquet_bytes(list(rows), LEDGER_SCHEMA))
        return self._chain.append(file, digest, len(rows), sync=False)

    def seal(self, file: Path) -> str:
        """Add another file of the run to the chain (manifest, evaluation, opinion); returns the new head."""
        return seal_file(self._chain, self._run_dir, file)

    def finish(self) -> str:
        """Seal the metrics, merge and seal the problems, close the ledger and return the final head."""
        if (self._run_dir / METRICS_FILE).exists():
            self._chain.append(str(METRICS_FILE), *metrics_digest(self._run_dir))
        digest, rows = self._problems.merge()
        head = self._chain.append(str(PROBLEMS_FILE), digest, rows)
        self.close()
        return head

    def close(self) -> None:
        """Release the run; what was recorded stays. May be called twice."""
        self._chain.close()


def _attempt_of(file: str) -> int | None:
    match = LEDGER_FILE.fullmatch(file)
    return int(match[2]) if match else None
