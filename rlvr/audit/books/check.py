"""Check a run's books: nothing was changed, dropped or reordered, and everything adds up.

    run directory (+ a head known from elsewhere) --check_run--> CheckResult

Checked are: the chain of hashes, each sealed file's bytes, each ledger row's hash, that requested =
used + dropped in every attempt, that each problem trained on is kept, that each checkpoint joins to the
rows that made it, and that the rewards logged in `metrics.jsonl` are those of the rows. Without a head the
newest lines could have been dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from rlvr.audit.books.balance import Balance
from rlvr.audit.books.chain import GENESIS, Link
from rlvr.audit.books.check_chain import read_chain
from rlvr.audit.books.check_checkpoints import checkpoint_faults, read_checkpoints
from rlvr.audit.books.check_files import check_files, look
from rlvr.audit.books.check_rows import check_rows
from rlvr.audit.books.ledger import LEDGER_FILE
from rlvr.audit.books.metrics import StepMetrics, read_metrics
from rlvr.audit.books.problems import PROBLEMS_FILE, read_problems
from rlvr.errors import LedgerError

REWARD_TOLERANCE = 1e-6
"""Two orders of summing differ by rounding, no more."""


@dataclass(slots=True)
class CheckResult:
    """What was found; `faults` name the place, the first bad one first."""

    head: str = GENESIS
    """Hash of the chain's last line."""
    lines: int = 0
    lines_after_head: int = 0
    """Lines that the given head does not seal."""
    sealed_anew: list[str] = field(default_factory=list)
    """Files that a later line seals again: the given head does not vouch for what they hold now."""
    rows: int = 0
    balances: dict[int, Balance] = field(default_factory=dict)
    """By attempt."""
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults


def check_run(run_dir: Path, head: str | None = None) -> CheckResult:
    """Check everything that can be checked without grading again; reads each file once.

    `head` is the hash noted from the log or a checkpoint; lines after it are counted. A run that is going on
    writes the file, then its line, then what refers to it: read the other way round, nothing is missing.

    Raises:
        LedgerError: a file may not be read.
    """
    result = CheckResult()
    entries = _read_metrics(run_dir, result)
    present, checkpoints = look(run_dir), read_checkpoints(run_dir)
    links = _check_chain(run_dir, head, result)
    means: dict[tuple[int, int], float] = {}
    problem_ids: set[str] = set()
    for link in check_files(run_dir, present, links, result.faults):
        if match := LEDGER_FILE.fullmatch(link.file):
            step, attempt = int(match[1]), int(match[2])
            try:
                found = check_rows(run_dir, link, step, attempt)
            except (pa.ArrowException, ValueError, KeyError, OSError) as error:
                result.faults.append(f"{link.file} is not a ledger file: {error}")
                continue
            means[step, attempt] = found.mean_reward
            problem_ids |= found.problem_ids
            result.rows += found.rows
            result.faults += found.faults
            result.balances[attempt] = result.balances.get(attempt, Balance()) + found.balance
    result.faults += checkpoint_faults(checkpoints, links)
    _check_problems(run_dir, problem_ids, result)
    _check_metrics(entries, means, result)
    return result


def _read_metrics(run_dir: Path, result: CheckResult) -> list[StepMetrics]:
    try:
        return read_metrics(run_dir)
    except LedgerError as error:
        result.faults.append(str(error))
        return []


def _check_chain(run_dir: Path, head: str | None, result: CheckResult) -> list[Link]:
    """The lines of the chain, and where in it the given head stands."""
    chain = read_chain(run_dir)
    result.faults += chain.faults
    result.lines, result.head = len(chain.links), chain.head
    if head is not None and head not in chain.hashes:
        result.faults.append(f"the head {head} is not in the chain: lines before it were changed or dropped")
    elif head is not None:
        kept = chain.hashes.index(head) + 1
        result.lines_after_head = len(chain.hashes) - kept
        before, after = ({link.file for link in part} for part in (chain.links[:kept], chain.links[kept:]))
        result.sealed_anew = sorted(before & after)
    return chain.links


def _check_problems(run_dir: Path, problem_ids: set[str], result: CheckResult) -> None:
    try:
        kept = set(read_problems(run_dir)["id"].to_pylist())
    except LedgerError as error:
        result.faults.append(str(error))
        return
    if missing := sorted(problem_ids - kept):
        result.faults.append(
            f"{PROBLEMS_FILE} lacks {len(missing)} problems trained on, such as {missing[0]}"
        )


def _check_metrics(
    entries: Sequence[StepMetrics], means: dict[tuple[int, int], float], result: CheckResult
) -> None:
    """The reward curve that was logged is the one the rows give."""
    for entry in entries:
        step, attempt, logged = entry["step"], entry["attempt"], entry.get("reward/mean")
        held = means.get((int(step or 0), int(attempt or 0)))
        if logged is not None and (held is None or not abs(logged - held) <= REWARD_TOLERANCE):
            result.faults.append(
                f"metrics.jsonl says reward/mean {logged} at step {step}, the rows say {held}"
            )
