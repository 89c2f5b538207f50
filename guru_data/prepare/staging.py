"""The first pass: read every source once, keep the problems on disk and what decides about them in memory.

sources --rows--> staged.parquet + one Facts per problem + Removals for the rows that are no problem
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern

from guru_data.clean.fingerprints import Fingerprint, fingerprint
from guru_data.config import SourceConfig
from guru_data.difficulty import DifficultyConfig, dropped_for, measured_rates, with_measured
from guru_data.parquet_rows import parquet_rows
from guru_data.prepare.progress import Track
from guru_data.problem import Problem, Rejected
from guru_data.sources import open_source
from guru_data.stored import ProblemWriter, stored_problem


@dataclass(frozen=True, slots=True)
class Removal:
    """A row that is not in the prepared set: by which step, and why."""

    source: str
    id: str | None
    """None where the row did not become a problem."""
    step: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the steps decide by; the problem itself is in the staged file, at the same place."""

    id: str
    source: str
    data_source: str
    dropped_for: str | None
    """Its difficulty, where that takes it out."""
    print: Fingerprint


@dataclass(slots=True)
class SourceCount:
    """How many rows one source had."""

    kind: str
    rows: int = 0
    rejected: int = 0
    files: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class Staged:
    """The result of the first pass."""

    path: Path
    facts: list[Facts] = field(default_factory=list)
    rejected: list[Removal] = field(default_factory=list)
    sources: list[SourceCount] = field(default_factory=list)

    def problems(self) -> Iterator[Problem]:
        """The staged problems, in the order of `facts`."""
        for _, row in parquet_rows(self.path):
            yield stored_problem(row)


def stage(sources: Sequence[SourceConfig], difficulty: DifficultyConfig, path: Path, track: Track) -> Staged:
    """Read the sources into `path`.

    Raises:
        SourceError: a source or an evaluation file cannot be read.
        SourceConfigError: a source does not fit its config.
    """
    staged = Staged(path)
    measured = {model: measured_rates(files) for model, files in difficulty.measured.items()}
    with ProblemWriter(path) as writer:
        for row in track(_rows(sources, staged), "read", None):
            if isinstance(row, Rejected):
                staged.rejected.append(Removal(row.source, None, "read", row.reason, row.detail))
            else:
                problem = with_measured(row, measured)
                staged.facts.append(_facts(problem, difficulty))
                writer.add(problem)
    return staged


def _rows(sources: Sequence[SourceConfig], staged: Staged) -> Iterator[Problem | Rejected]:
    for config in sources:
        source = open_source(config)
        count = SourceCount(config.kind, files=source.files())
        staged.sources.append(count)
        for row in source.rows():
            count.rows += 1
            count.rejected += isinstance(row, Rejected)
            yield row


def _facts(problem: Problem, difficulty: DifficultyConfig) -> Facts:
    return Facts(
        id=problem.id,
        source=problem.source,
        data_source=intern(problem.data_source),
        dropped_for=dropped_for(problem, difficulty),
        print=fingerprint(problem),
    )
