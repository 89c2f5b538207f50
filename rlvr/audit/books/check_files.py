"""Check a run's files against the chain: each has the sealed bytes, and none is there that was not sealed.

    lines of the chain + run directory --check_files--> sound links, faults

    ledger/step=*/attempt=*.parquet, verdicts/*/part-*.parquet   sealed when written, and never change
    manifest.json, problems.parquet, evals/step_*.json           a later attempt may write them anew: of their
                                                                 lines in the chain the last one holds
    metrics.jsonl                                                sealed when an attempt ends: each line in the
                                                                 chain holds for the lines there were

Between its manifest and its problems an attempt is under way, or was killed: then its metrics are not sealed
yet, and its new problems are in the journal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rlvr.audit.books.chain import CHAIN_FILE, Link
from rlvr.audit.books.ledger import LEDGER_FILE
from rlvr.audit.books.manifest import MANIFEST_FILE, read_manifest
from rlvr.audit.books.metrics import METRICS_FILE, metrics_digest
from rlvr.audit.books.problems import JOURNAL_FILE, PROBLEMS_FILE
from rlvr.audit.books.sealing import ENDS, has_ended
from rlvr.audit.books.storage import TEMPORARY_SUFFIX, sha256_file
from rlvr.audit.opinions.stored import OPINION_FILE
from rlvr.errors import LedgerError

WRITTEN_ONCE = (LEDGER_FILE, OPINION_FILE)

EVALUATION_FILE = re.compile(r"evals/step_(\d{6,})\.json")

WRITTEN_ANEW = (
    re.compile(re.escape(str(MANIFEST_FILE))),
    re.compile(re.escape(str(PROBLEMS_FILE))),
    EVALUATION_FILE,
)

FOLDERS = ("ledger", "verdicts", "evals")
"""In which every file must be sealed, apart from the chain and what a kill left half written."""


def check_files(run_dir: Path, links: Sequence[Link], faults: list[str]) -> list[Link]:
    """Check every sealed file; returns those whose bytes are the sealed ones and adds what is wrong."""
    sealed: dict[str, Link] = {}
    for link in links:
        if link.file == str(METRICS_FILE) or any(kind.fullmatch(link.file) for kind in WRITTEN_ANEW):
            sealed[link.file] = link
        elif not any(kind.fullmatch(link.file) for kind in WRITTEN_ONCE):
            faults.append(f"{CHAIN_FILE} names {link.file!r}, which no run writes")
        elif link.file in sealed:
            faults.append(f"{CHAIN_FILE} names {link.file} twice")
        else:
            sealed[link.file] = link
    faults += _attempt_faults(run_dir, links)
    ended = has_ended([link.file for link in links])
    metrics = [link for link in links if link.file == str(METRICS_FILE)]
    faults += _metrics_faults(run_dir, metrics, ended=ended)
    sound = []
    for link in sealed.values():
        if link.file == str(METRICS_FILE):
            continue
        if fault := _bytes_fault(run_dir, link):
            faults.append(fault)
        else:
            sound.append(link)
    faults += _strangers(run_dir, sealed.keys(), ended=ended)
    return sound


def _bytes_fault(run_dir: Path, link: Link) -> str | None:
    path = run_dir / link.file
    if not path.is_file():
        return f"{link.file} is missing"
    return None if sha256_file(path) == link.sha256 else f"{link.file} was changed after it was sealed"


def _attempt_faults(run_dir: Path, links: Sequence[Link]) -> Iterator[str]:
    """Rows of attempts that there were not, and what was sealed as an attempt's after the last had ended."""
    begun: int | None = None
    if (run_dir / MANIFEST_FILE).exists():
        try:
            begun = len(read_manifest(run_dir).attempts)
        except LedgerError as error:
            yield str(error)
    ended = False
    for number, link in enumerate(links, 1):
        match = LEDGER_FILE.fullmatch(link.file)
        if match and begun is not None and int(match[2]) > begun:
            yield f"{link.file} is of attempt {match[2]}, and {MANIFEST_FILE} knows {begun}"
        if ended and (match or EVALUATION_FILE.fullmatch(link.file)):
            yield f"{CHAIN_FILE} line {number}: {link.file} was sealed after the last attempt had ended"
        if link.file in map(str, ENDS):
            ended = link.file == str(PROBLEMS_FILE)


def _metrics_faults(run_dir: Path, links: Sequence[Link], *, ended: bool) -> Iterator[str]:
    if links and not (run_dir / METRICS_FILE).is_file():
        yield f"{METRICS_FILE} is missing"
        return
    for link in links:
        if metrics_digest(run_dir, link.rows) != (link.sha256, link.rows):
            yield f"{METRICS_FILE} was changed in its first {link.rows} lines after they were sealed"
            return
    if ended and links and metrics_digest(run_dir)[1] > links[-1].rows:
        yield f"{METRICS_FILE} line {links[-1].rows + 1} was added after the run had ended"


def _strangers(run_dir: Path, sealed: Collection[str], *, ended: bool) -> Iterator[str]:
    """Files that readers would take for the run's."""
    for folder in FOLDERS:
        for path in sorted((run_dir / folder).rglob("*")):
            file = path.relative_to(run_dir).as_posix()
            unfinished = path.name.startswith(".") and path.name.endswith(TEMPORARY_SUFFIX)
            if path.is_file() and file not in sealed and file != str(CHAIN_FILE) and not unfinished:
                yield f"{file} is not in the chain: killed before it was sealed, or added by hand"
    if ended and (run_dir / JOURNAL_FILE).exists():
        yield f"{JOURNAL_FILE} was added after the run had ended"
