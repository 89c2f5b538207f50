"""The audit as the training loop sees it: record, log, finish.

    record(step, scored)   every requested rollout, on disk before its reward is used
    log(step, metrics)     one line of metrics.jsonl
    seal(file)             another file of the run is vouched for from now on
    finish()               metrics sealed, problems merged, chain closed, report.html written

What the books are made of stands in `books/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from guru_data import Problem
from rlvr.audit.books.ledger import Ledger
from rlvr.audit.books.manifest import MANIFEST_FILE, Origin, next_manifest, write_manifest
from rlvr.audit.books.metrics import MetricsLog
from rlvr.audit.books.schema import Row
from rlvr.audit.report.page import write_report
from rlvr.rollouts import ScoredGroup


class Audit:
    """The books of one attempt of a run; each resume makes a new one.

    Raises:
        LedgerError: the directory already holds a run (and `resume` is not set), holds none (and it
            is), is being written by another process, or cannot be written.
    """

    def __init__(self, run_dir: Path, name: str, origin: Origin, *, resume: bool = False) -> None:
        self.run_dir = run_dir
        manifest = next_manifest(run_dir, name, origin, resume=resume)
        self.run_id, self.attempt = manifest.run_id, len(manifest.attempts)
        self._ledger = Ledger(run_dir, self.run_id, self.attempt)  # locks the run before it is changed
        write_manifest(run_dir, manifest)
        self._ledger.seal(MANIFEST_FILE)
        self._metrics = MetricsLog(run_dir, self.attempt)
        self._closed = False

    @property
    def head(self) -> str:
        """Hash that seals everything recorded so far; put it into checkpoints and the log."""
        return self._ledger.head

    def record(self, step: int, scored: Sequence[ScoredGroup]) -> str:
        """Write what became of each requested rollout; returns the new head.

        Raises:
            LedgerError: the books do not balance or cannot be written; use no reward of the step.
        """
        return self._ledger.record(step, scored)

    def write(self, step: int, rows: Sequence[Row], problems: Iterable[Problem]) -> str:
        """Write a step that another trainer took, as rows already; returns the new head.

        Raises:
            LedgerError: the step was written already, or the disk is full.
        """
        return self._ledger.write(step, rows, problems)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Write one line of metrics; a step may have several (training, evaluation)."""
        self._metrics.log(step, metrics)

    def seal(self, file: Path) -> str:
        """Add a finished file of the run (evaluation, second opinion) to the chain; returns the new head.

        `file` is relative to the run's directory.

        Raises:
            LedgerError: it cannot be read, or the line could not be written.
        """
        return self._ledger.seal(file)

    def close(self) -> None:
        """Seal the metrics, merge and seal the problems and release the run's files; `head` is final then.

        May be called twice. Raises LedgerError if something could not be written.
        """
        if not self._closed:
            self._closed = True
            self._metrics.close()
            self._ledger.finish()

    def finish(self) -> Path:
        """Close the books and write the report, also of a run that ended early; returns its path."""
        self.close()
        return write_report(self.run_dir)
