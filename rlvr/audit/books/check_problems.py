"""Check the problems of a run: each is what its hash says, and each one trained on is kept.

    problems.parquet, journal + (id, hash) of the ledger's rows --problem_faults--> what does not fit

The rows are sealed, and so is by their hashes what each was graded against, also while the run goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from rlvr.audit.books.problems import PROBLEMS_FILE, read_problems
from rlvr.audit.books.schema import problem_hash
from rlvr.errors import LedgerError


def problem_faults(run_dir: Path, trained_on: Collection[tuple[str, str | None]]) -> Iterator[str]:
    """One sentence for each problem that was changed, and one for those that are missing."""
    try:
        rows = read_problems(run_dir).to_pylist()
    except LedgerError as error:
        yield str(error)
        return
    for row in rows:
        if problem_hash(row) != row["hash"]:
            yield f"problem {row['id']!r} is not what its hash says: prompt, reference or extra were changed"
    kept = {(row["id"], row["hash"]) for row in rows}
    kept |= {(row["id"], None) for row in rows}
    missing = sorted({problem for problem, known in trained_on if (problem, known) not in kept})
    if missing:
        yield f"{PROBLEMS_FILE} lacks {len(missing)} problems trained on, such as {missing[0]}"
