"""Check the chain by itself: every line can be read and follows the line before it.

    ledger/chain.jsonl --read_chain--> ChainRead(links, hashes, faults)

A run that is still going adds lines meanwhile; the lines that were read stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rlvr.audit.books.chain import CHAIN_FILE, GENESIS, Link, line_hash, parse_link
from rlvr.errors import LedgerError


@dataclass(slots=True)
class ChainRead:
    """The chain to its end or its first broken line."""

    links: list[Link] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    """Of each line."""
    faults: list[str] = field(default_factory=list)

    @property
    def head(self) -> str:
        return self.hashes[-1] if self.hashes else GENESIS


def read_chain(run_dir: Path) -> ChainRead:
    """Walk the chain of a run.

    Raises:
        LedgerError: it may not be read.
    """
    read = ChainRead()
    path = run_dir / CHAIN_FILE
    if not path.is_file():
        read.faults.append(f"{CHAIN_FILE} is missing")
        return read
    try:
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            content = path.read_bytes()  # of a run that is going on, the line may have been half there
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}") from error
    *lines, torn = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            link = parse_link(line)
        except ValueError as error:
            read.faults.append(f"{CHAIN_FILE} line {number}: {error}")
            return read
        if link.previous != read.head:
            read.faults.append(f"{CHAIN_FILE} line {number} does not follow the line before it")
            return read
        read.links.append(link)
        read.hashes.append(line_hash(line))
    if torn:
        read.faults.append(f"{CHAIN_FILE}: the last line is torn; a resume of the run mends that")
    return read
