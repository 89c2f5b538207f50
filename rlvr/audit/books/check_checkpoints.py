"""Check that each checkpoint joins to the rows that made its weights.

    checkpoints/step_NNNNNN/run.json --read_checkpoints--> Checkpoint
    Checkpoint + lines of the chain --checkpoint_faults--> what does not fit

A checkpoint names how many steps made it and the head of the chain when it was saved: the lines up to that
head must hold the rows of all those steps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlvr.audit.books.chain import CHAIN_FILE, Link, line_hash
from rlvr.audit.books.ledger import LEDGER_FILE

CHECKPOINTS = "checkpoints/step_*/run.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says of itself."""

    file: str
    """Its `run.json`, relative to the run's directory."""
    done: int = 0
    head: str = ""
    damage: str | None = None
    """Why the other two could not be read."""


def read_checkpoints(run_dir: Path) -> list[Checkpoint]:
    """Every checkpoint there is; of one that is being dropped for a newer one nothing is told."""
    found = []
    for path in sorted(run_dir.glob(CHECKPOINTS)):
        file = path.relative_to(run_dir).as_posix()
        try:
            saved = json.loads(path.read_bytes())
            done, head = saved["done"], saved["ledger_head"]
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            found.append(Checkpoint(file, damage=str(error)))
            continue
        if type(done) is int and isinstance(head, str):
            found.append(Checkpoint(file, done, head))
        else:
            found.append(Checkpoint(file, damage="done or ledger_head is of another type"))
    return found


def checkpoint_faults(checkpoints: Sequence[Checkpoint], links: Sequence[Link]) -> Iterator[str]:
    """One sentence for each checkpoint that does not join to a chain that was read after it."""
    places = {line_hash(link.line()): place for place, link in enumerate(links)}
    for one in checkpoints:
        if one.damage is not None:
            yield f"{one.file} is damaged: {one.damage}"
        elif one.head not in places:
            yield f"{one.file} was saved at the head {one.head}, which is not in {CHAIN_FILE}"
        else:
            kept = _steps(links[: places[one.head] + 1])
            missing = next((step for step in range(one.done) if step not in kept), None)
            if missing is not None:
                yield (
                    f"{one.file} was made by {one.done} steps; the rows of step {missing} are not before its "
                    "head"
                )


def _steps(links: Sequence[Link]) -> set[int]:
    matches = (LEDGER_FILE.fullmatch(link.file) for link in links)
    return {int(match[1]) for match in matches if match}
