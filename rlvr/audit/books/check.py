"""Check a run's books: nothing was changed, dropped or reordered, and everything adds up.

    run directory (+ a head known from elsewhere) --check_run--> CheckResult

Checked are: the chain of hashes, each sealed file's bytes, each ledger row's hash, that requested =
used + dropped in every attempt, that each problem trained on is kept as it was, that each checkpoint joins to
the rows that made it, and that rewards and accuracies logged in `metrics.jsonl` are those of the rows and the
evaluations. Without a head the newest lines could have been dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from rlvr.audit.books.balance import Balance
from rlvr.audit.books.chain import GENESIS, Link
from rlvr.audit.books.check_chain import read_chain
from rlvr.audit.books.check_checkpoints import checkpoint_faults, read_checkpoints
from rlvr.audit.books.check_files import check_files, look
from rlvr.audit.books.check_metrics import evaluation_faults, reward_faults
from rlvr.audit.books.check_problems import problem_faults
from rlvr.audit.books.check_rows import check_rows
from rlvr.audit.books.ledger import LEDGER_FILE
from rlvr.audit.books.metrics import StepMetrics, read_metrics
from rlvr.errors import LedgerError


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
    means: dict[tuple[int, int], dict[str, float]] = {}
    problems: set[tuple[str, str | None]] = set()
    sound = check_files(run_dir, present, links, result.faults)
    for link in sound:
        if match := LEDGER_FILE.fullmatch(link.file):
            step, attempt = int(match[1]), int(match[2])
            try:
                found = check_rows(run_dir, link, step, attempt)
            except (pa.ArrowException, ValueError, KeyError, OSError) as error:
                result.faults.append(f"{link.file} is not a ledger file: {error}")
                continue
            means[step, attempt] = found.mean_rewards
            problems |= found.problems
            result.rows += found.rows
            result.faults += found.faults
            result.balances[attempt] = result.balances.get(attempt, Balance()) + found.balance
    result.faults += checkpoint_faults(checkpoints, links)
    result.faults += problem_faults(run_dir, problems)
    result.faults += reward_faults(entries, means)
    result.faults += evaluation_faults(run_dir, entries, links, {link.file for link in sound})
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
