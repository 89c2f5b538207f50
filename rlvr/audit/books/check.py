"""Check a run's books: nothing was changed, dropped or reordered, and everything adds up.

    run directory (+ a head known from elsewhere) --check_run--> CheckResult

Checked are: the chain of hashes, each sealed file's bytes, each ledger row's hash, that requested =
used + dropped in every attempt, that each problem trained on is kept, that each checkpoint joins to the
rows that made it, and that the rewards logged in `metrics.jsonl` are those of the rows. Without a head the
newest lines could have been dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from rlvr.audit.books.balance import Balance
from rlvr.audit.books.chain import CHAIN_FILE, GENESIS, Link, line_hash, parse_link
from rlvr.audit.books.check_checkpoints import checkpoint_faults
from rlvr.audit.books.check_files import check_files
from rlvr.audit.books.check_rows import check_rows
from rlvr.audit.books.ledger import LEDGER_FILE
from rlvr.audit.books.metrics import read_metrics
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

    `head` is the hash noted from the log or a checkpoint; lines after it are counted.
    """
    result = CheckResult()
    links = _check_chain(run_dir, head, result)
    means: dict[tuple[int, int], float] = {}
    problem_ids: set[str] = set()
    for link in check_files(run_dir, links, result.faults):
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
    result.faults += checkpoint_faults(run_dir, links)
    _check_problems(run_dir, problem_ids, result)
    _check_metrics(run_dir, means, result)
    return result


def _check_chain(run_dir: Path, head: str | None, result: CheckResult) -> list[Link]:
    """Walk the chain to its end or its first broken line."""
    path = run_dir / CHAIN_FILE
    if not path.is_file():
        result.faults.append(f"{CHAIN_FILE} is missing")
        return []
    *lines, torn = path.read_bytes().split(b"\n")
    if torn:
        result.faults.append(f"{CHAIN_FILE}: the last line is torn; a resume of the run mends that")
    links: list[Link] = []
    hashes: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            link = parse_link(line)
        except ValueError as error:
            result.faults.append(f"{CHAIN_FILE} line {number}: {error}")
            break
        if link.previous != (hashes[-1] if hashes else GENESIS):
            result.faults.append(f"{CHAIN_FILE} line {number} does not follow the line before it")
            break
        links.append(link)
        hashes.append(line_hash(line))
    result.lines, result.head = len(links), hashes[-1] if hashes else GENESIS
    if head is not None and head not in hashes:
        result.faults.append(f"the head {head} is not in the chain: lines before it were changed or dropped")
    elif head is not None:
        kept = hashes.index(head) + 1
        result.lines_after_head = len(hashes) - kept
        before, after = ({link.file for link in part} for part in (links[:kept], links[kept:]))
        result.sealed_anew = sorted(before & after)
    return links


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


def _check_metrics(run_dir: Path, means: dict[tuple[int, int], float], result: CheckResult) -> None:
    """The reward curve that was logged is the one the rows give."""
    try:
        entries = read_metrics(run_dir)
    except LedgerError as error:
        result.faults.append(str(error))
        return
    for entry in entries:
        step, attempt, logged = entry["step"], entry["attempt"], entry.get("reward/mean")
        held = means.get((int(step or 0), int(attempt or 0)))
        if logged is not None and (held is None or not abs(logged - held) <= REWARD_TOLERANCE):
            result.faults.append(
                f"metrics.jsonl says reward/mean {logged} at step {step}, the rows say {held}"
            )
