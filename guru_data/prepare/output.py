"""The last pass: grade references, and write what is left.

staged problems --not removed--> reference check --> train.parquet | heldout.parquet
removed ones of every step                       --> removed.parquet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from guru_data.difficulty import band_of
from guru_data.grading import ProblemGrader, ReferenceCheck, ReferenceOutcome
from guru_data.parquet import PREPARED_FILES
from guru_data.prepare.staging import Removal
from guru_data.problem import Problem
from guru_data.references import PROGRAM_VERIFIERS
from guru_data.splits import position_of
from guru_data.stored import ProblemWriter

REMOVED_FILE = "removed.parquet"
_REMOVED_SCHEMA = pa.schema([(name, pa.string()) for name in ("source", "id", "step", "reason", "detail")])
_REFUSED = {
    ReferenceOutcome.REFUSED: "reference_refused",
    ReferenceOutcome.MALFORMED: "reference_malformed",
}


@dataclass
class Tally:
    """What the written files hold."""

    splits: Counter[str] = field(default_factory=Counter)
    domains: Counter[tuple[str, str]] = field(default_factory=Counter)
    data_sources: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    bands: Counter[tuple[str, str]] = field(default_factory=Counter)
    references: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(verifier, outcome); `not_sampled` where the reference was not graded."""
    verifiers: dict[str, str] = field(default_factory=dict)
    """Digest of each verifier that graded references."""

    def add(self, problem: Problem) -> None:
        self.splits[problem.split] += 1
        self.domains[problem.domain, problem.split] += 1
        self.data_sources[problem.data_source] += 1
        self.licences[problem.licence] += 1
        for model, rate in problem.pass_rates.items():
            self.bands[model, band_of(rate)] += 1


def write_kept(
    problems: Iterable[Problem],
    removed: dict[int, Removal],
    folder: Path,
    graded_programs: float,
) -> Tally:
    """Write the two sides; problems whose reference is refused are added to `removed`.

    Args:
        problems: the staged ones, in order.

    Raises:
        GradingError: a problem's verifier cannot be had.
    """
    tally = Tally()
    with (
        ProblemGrader() as grader,
        ProblemWriter(folder / PREPARED_FILES["train"]) as train,
        ProblemWriter(folder / PREPARED_FILES["heldout"]) as heldout,
    ):
        writers = {"train": train, "heldout": heldout}
        for place, problem in enumerate(problems):
            if place in removed:
                continue
            check = _checked(grader, problem, graded_programs)
            outcome = check.outcome.value if check else "not_sampled"
            tally.references[problem.verifier, outcome] += 1
            if check and check.outcome in _REFUSED:
                reason = _REFUSED[check.outcome]
                removed[place] = Removal(problem.source, problem.id, "references", reason, check.reason)
                continue
            writers[problem.split].add(problem)
            tally.add(problem)
        tally.verifiers = {
            name: grader.digest(name) for name in sorted({name for name, _ in tally.references})
        }
    return tally


def write_removed(rejected: list[Removal], removed: dict[int, Removal], folder: Path) -> list[Removal]:
    """Write every row that is not in the prepared set, with its reason; returns them."""
    rows = [*rejected, *(removed[place] for place in sorted(removed))]
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=_REMOVED_SCHEMA)
    pq.write_table(table, folder / REMOVED_FILE, compression="zstd")
    return rows


def _checked(grader: ProblemGrader, problem: Problem, graded_programs: float) -> ReferenceCheck | None:
    """The check of a reference; None for programs outside the sample, which their id decides."""
    if problem.verifier in PROGRAM_VERIFIERS and position_of(f"graded/{problem.id}") >= graded_programs:
        return None
    return grader.check_reference(problem)
