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

import pyarrow as pa
import pyarrow.parquet as pq

from guru_data import Problem
from rlvr.audit.books.balance import check_groups
from rlvr.audit.books.chain import Chain, Link
from rlvr.audit.books.check_rows import check_rows
from rlvr.audit.books.metrics import METRICS_FILE, metrics_digest
from rlvr.audit.books.problems import PROBLEMS_FILE, ProblemBook
from rlvr.audit.books.rows import ledger_rows
from rlvr.audit.books.schema import LEDGER_SCHEMA, Row
from rlvr.audit.books.sealing import adopt_opinions, has_ended, seal_file, unsealed
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
        LedgerError: another process is writing this run, the attempt was already begun, or files lie in the
            run that the attempt before cannot have written.
    """

    def __init__(self, run_dir: Path, run_id: str, attempt: int) -> None:
        self._run_dir, self._run_id, self._attempt = run_dir, run_id, attempt
        self._chain = Chain(run_dir)
        try:
            self._adopt()
        except LedgerError:
            self.close()
            raise
        if any(_place(file)[1] == attempt for file in self._chain.files):
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

    def _adopt(self) -> None:
        """Seal what a kill or a power cut of the attempt before left without its lines in the chain."""
        ended = has_ended(self._chain.files)
        rows = unsealed(self._chain, self._run_dir, "ledger/step=*/attempt=*.parquet")
        for file in sorted(rows, key=lambda file: (_place(file.as_posix()), file)):
            if fault := "it had ended" if ended else self._rows_fault(file):
                raise _not_written(file, self._attempt - 1, fault)
            seal_file(self._chain, self._run_dir, file)
        adopt_opinions(self._chain, self._run_dir)
        for file in unsealed(self._chain, self._run_dir, "evals/step_*.json"):
            if ended:
                raise _not_written(file, self._attempt - 1, "it had ended")
            seal_file(self._chain, self._run_dir, file)

    def _rows_fault(self, file: Path) -> str | None:
        """Why rows that are not sealed cannot be the next that the attempt before wrote; None if they can."""
        step, attempt = _place(file.as_posix())
        if attempt != self._attempt - 1:
            return "it is another's"
        written = [place for place in map(_place, self._chain.files) if place[0] >= 0]
        own = [place[0] for place in written if place[1] == attempt]
        wanted = (own or [place[0] for place in written] or [-1])[-1] + 1
        if step != wanted if own else step > wanted:
            return f"its next step was {wanted}"
        try:
            rows = pq.read_metadata(self._run_dir / file).num_rows
            found = check_rows(self._run_dir, Link(file.as_posix(), "", rows, ""), step, attempt)
        except (pa.ArrowException, OSError, ValueError) as error:
            return str(error)
        return next(iter(found.faults), None)


def _place(file: str) -> tuple[int, int]:
    """Step and attempt of a ledger file; below zero for any other file."""
    match = LEDGER_FILE.fullmatch(file)
    return (int(match[1]), int(match[2])) if match else (-1, -1)


def _not_written(file: Path, attempt: int, why: str) -> LedgerError:
    return LedgerError(
        f"{file} is not in the chain, and attempt {attempt} did not write it: {why}; move it away"
    )
