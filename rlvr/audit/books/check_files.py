"""Check a run's files against the chain: each has the sealed bytes, and none is there that was not sealed.

    lines of the chain + run directory --check_files--> sound links, faults

    ledger/step=*/attempt=*.parquet, verdicts/*/part-*.parquet   sealed when written, and never change
    left_out.jsonl                                               the same, of an import
    manifest.json, problems.parquet, evals/step_*.json           a later attempt may write them anew: of their
                                                                 lines in the chain the last one holds
    metrics.jsonl                                                sealed when an attempt ends: each line in the
                                                                 chain holds for the lines there were

Between its manifest and its problems an attempt is under way, or was killed: then its metrics are not sealed
yet, and its new problems are in the journal.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlvr.audit.books.chain import CHAIN_FILE, Link
from rlvr.audit.books.check_chain import read_chain
from rlvr.audit.books.ledger import LEDGER_FILE
from rlvr.audit.books.manifest import LEFT_OUT_FILE, MANIFEST_FILE, Manifest, read_manifest
from rlvr.audit.books.metrics import METRICS_FILE, metrics_digest
from rlvr.audit.books.problems import JOURNAL_FILE, PROBLEMS_FILE
from rlvr.audit.books.sealing import ENDS, has_ended
from rlvr.audit.books.storage import TEMPORARY_SUFFIX, sha256_file
from rlvr.audit.opinions.stored import OPINION_FILE
from rlvr.errors import LedgerError

WRITTEN_ONCE = (LEDGER_FILE, OPINION_FILE, re.compile(re.escape(str(LEFT_OUT_FILE))))

EVALUATION_FILE = re.compile(r"evals/step_(\d{6,})\.json")

WRITTEN_ANEW = (
    re.compile(re.escape(str(MANIFEST_FILE))),
    re.compile(re.escape(str(PROBLEMS_FILE))),
    EVALUATION_FILE,
)

FOLDERS = ("ledger", "verdicts", "evals")
"""In which every file must be sealed, apart from the chain and what a kill left half written."""

PAUSE_S = 0.2
"""Many times what lies between a file and its line in the chain."""


@dataclass(frozen=True, slots=True)
class Present:
    """What lies in a run's directory. A run that is going on adds to it: look before reading the chain."""

    files: tuple[str, ...]
    """Those that readers would take for the run's."""
    metrics_lines: int


def look(run_dir: Path) -> Present:
    """What there is now.

    Raises:
        LedgerError: the metrics cannot be read.
    """
    files = [file for file in map(str, ENDS) if (run_dir / file).exists()]
    for folder in FOLDERS:
        for path in sorted((run_dir / folder).rglob("*")):
            unfinished = path.name.startswith(".") and path.name.endswith(TEMPORARY_SUFFIX)
            if path.is_file() and not unfinished:
                files.append(path.relative_to(run_dir).as_posix())
    lines = metrics_digest(run_dir)[1] if (run_dir / METRICS_FILE).is_file() else 0
    return Present(tuple(files), lines)


def check_files(run_dir: Path, present: Present, links: Sequence[Link], faults: list[str]) -> list[Link]:
    """Check every sealed file, and that there are no others.

    `present` was looked at before the chain was read. Returns the lines whose files have the sealed bytes
    and adds to `faults` what is wrong.
    """
    sealed = _sealed(links, faults)
    manifest = _manifest(run_dir, faults)
    faults += _attempt_faults(manifest, links)
    faults += _metrics_faults(run_dir, [link for link in links if link.file == str(METRICS_FILE)])
    found = {file: _bytes_fault(run_dir, link) for file, link in sealed.items()}
    journal = (run_dir / JOURNAL_FILE).exists()
    later = _settled(run_dir, present)
    newest = {link.file: link for link in later}
    for file, link in sealed.items():
        if found[file] and newest.get(file, link) != link:
            found[file] = _bytes_fault(run_dir, newest[file])
    faults += [fault for fault in found.values() if fault]
    faults += _strangers(present, later, journal=journal)
    if manifest and has_ended([link.file for link in links]):
        faults += _left_out_faults(run_dir, manifest)
    return [link for file, link in sealed.items() if found[file] is None and newest.get(file) == link]


def _settled(run_dir: Path, present: Present) -> list[Link]:
    """The chain as it is now; where it lacks a file, after a pause in which a run that goes on seals it."""
    links = read_chain(run_dir).links
    if {*present.files} <= {str(CHAIN_FILE), *(link.file for link in links)}:
        return links
    time.sleep(PAUSE_S)
    return read_chain(run_dir).links


def _sealed(links: Sequence[Link], faults: list[str]) -> dict[str, Link]:
    """By file the line that holds for it, the growing metrics aside."""
    sealed: dict[str, Link] = {}
    for link in links:
        if any(kind.fullmatch(link.file) for kind in WRITTEN_ANEW):
            sealed[link.file] = link
        elif link.file == str(METRICS_FILE):
            continue
        elif not any(kind.fullmatch(link.file) for kind in WRITTEN_ONCE):
            faults.append(f"{CHAIN_FILE} names {link.file!r}, which no run writes")
        elif link.file in sealed:
            faults.append(f"{CHAIN_FILE} names {link.file} twice")
        else:
            sealed[link.file] = link
    return sealed


def _bytes_fault(run_dir: Path, link: Link) -> str | None:
    path = run_dir / link.file
    if not path.is_file():
        return f"{link.file} is missing"
    try:
        digest = sha256_file(path)
    except OSError as error:
        return f"{link.file} cannot be read: {error.strerror}"
    return None if digest == link.sha256 else f"{link.file} was changed after it was sealed"


def _manifest(run_dir: Path, faults: list[str]) -> Manifest | None:
    if not (run_dir / MANIFEST_FILE).exists():
        return None
    try:
        return read_manifest(run_dir)
    except LedgerError as error:
        faults.append(str(error))
        return None


def _attempt_faults(manifest: Manifest | None, links: Sequence[Link]) -> Iterator[str]:
    """Rows of attempts that there were not, and what was sealed as an attempt's after the last had ended."""
    begun = len(manifest.attempts) if manifest else None
    ended = False
    for number, link in enumerate(links, 1):
        match = LEDGER_FILE.fullmatch(link.file)
        if match and begun is not None and int(match[2]) > begun:
            yield f"{link.file} is of attempt {match[2]}, and {MANIFEST_FILE} knows {begun}"
        if ended and (match or EVALUATION_FILE.fullmatch(link.file)):
            yield f"{CHAIN_FILE} line {number}: {link.file} was sealed after the last attempt had ended"
        if link.file in map(str, ENDS):
            ended = link.file == str(PROBLEMS_FILE)


def _left_out_faults(run_dir: Path, manifest: Manifest) -> Iterator[str]:
    """Of an import that has ended, whether as many rows are named as were left out."""
    wanted = sum(origin.imported.left_out for origin in manifest.attempts if origin.imported)
    path = run_dir / LEFT_OUT_FILE
    named = path.read_bytes().count(b"\n") if path.is_file() else 0
    if named != wanted:
        yield f"{LEFT_OUT_FILE} names {named} rows, {MANIFEST_FILE} says that {wanted} were left out"


def _metrics_faults(run_dir: Path, links: Sequence[Link]) -> Iterator[str]:
    """Metrics that were sealed and are gone or others."""
    if links and not (run_dir / METRICS_FILE).is_file():
        yield f"{METRICS_FILE} is missing"
        return
    for link in links:
        if metrics_digest(run_dir, link.rows) != (link.sha256, link.rows):
            yield f"{METRICS_FILE} was changed in its first {link.rows} lines after they were sealed"
            return


def _strangers(present: Present, links: Sequence[Link], *, journal: bool) -> Iterator[str]:
    """What nobody sealed, though it was there before the chain was read."""
    names = [link.file for link in links]
    sealed = {*names, str(CHAIN_FILE)}
    for file in present.files:
        if file not in sealed:
            yield f"{file} is not in the chain: killed before it was sealed, or added by hand"
    if not has_ended(names):
        return
    metrics = [link.rows for link in links if link.file == str(METRICS_FILE)]
    if metrics and present.metrics_lines > metrics[-1]:
        yield f"{METRICS_FILE} line {metrics[-1] + 1} was added after the run had ended"
    if journal:
        yield f"{JOURNAL_FILE} was added after the run had ended"
