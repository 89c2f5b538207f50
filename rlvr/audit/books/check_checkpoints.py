"""Check that each checkpoint joins to the rows that made its weights.

    checkpoints/step_NNNNNN/run.json + lines of the chain --checkpoint_faults--> what does not fit

A checkpoint names how many steps made it and the head of the chain when it was saved: the lines up to that
head must hold the rows of all those steps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from rlvr.audit.books.chain import CHAIN_FILE, Link, line_hash
from rlvr.audit.books.ledger import LEDGER_FILE

CHECKPOINTS = "checkpoints/step_*/run.json"


def checkpoint_faults(run_dir: Path, links: Sequence[Link]) -> Iterator[str]:
    """One sentence for each checkpoint that does not join."""
    places = {line_hash(link.line()): place for place, link in enumerate(links)}
    for path in sorted(run_dir.glob(CHECKPOINTS)):
        file = path.relative_to(run_dir).as_posix()
        try:
            saved = json.loads(path.read_bytes())
            head, done = str(saved["ledger_head"]), int(saved["done"])
        except (ValueError, KeyError, TypeError) as error:
            yield f"{file} is damaged: {error}"
            continue
        if head not in places:
            yield f"{file} was saved at the head {head}, which is not in {CHAIN_FILE}"
        elif missing := sorted(set(range(done)) - _steps(links[: places[head] + 1])):
            yield f"{file} was made by {done} steps; the rows of step {missing[0]} are not before its head"


def _steps(links: Sequence[Link]) -> set[int]:
    matches = (LEDGER_FILE.fullmatch(link.file) for link in links)
    return {int(match[1]) for match in matches if match}
