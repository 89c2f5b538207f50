"""What a test program has had done in the candidate's process, so that it can be done again there.

    steps   {"on": ref, "do": the name of an operation, "args": nodes}
    ref     ["name", a name of the candidate's] or [position of a step, node of its result]

There is no live connection: to know what a step gives, everything that was done to the objects it touches is
replayed in a fresh process. Those steps form a `Strand`; a step that touches objects of two strands ties them
into one. A call with plain arguments touches nothing and is a strand of its own, so it neither sees nor
changes what other calls did. The key of a step tells it and all before it, which makes it find its answer in
the next run of the test program.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Step:
    order: int
    strand: Strand
    on: str | Place
    do: str
    args: list[Any]
    """Nodes; `["x", Place]` stands for an object of the candidate's."""
    key: str = ""
    answered: bool = False


@dataclass(eq=False)
class Strand:
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Place:
    """Where an object of the candidate's came from: a part of what a step gave."""

    step: Step
    node: int


class History:
    def __init__(self) -> None:
        self._count = 0
        self._strands: list[Strand] = []

    def add(self, on: str | Place, do: str, args: list[Any]) -> Step:
        """The step, at the end of the strand of everything that it touches."""
        touched = {place.step.strand: None for place in _places(on, args)}
        strand = self._tied(list(touched))
        step = Step(self._count, strand, on, do, args)
        self._count += 1
        strand.steps.append(step)
        before = "".join(earlier.key for earlier in strand.steps[:-1])
        text = before + json.dumps(_told(step, _positions(strand)))
        step.key = hashlib.sha256(text.encode()).hexdigest()[:32]
        return step

    def needs(self) -> list[dict[str, Any]]:
        """A script for each strand with an unanswered step; `wanted` are their positions, `keys` their
        keys."""
        scripts: dict[str, dict[str, Any]] = {}
        for strand in self._strands:
            wanted = [at for at, step in enumerate(strand.steps) if not step.answered]
            if wanted:
                upto = strand.steps[: wanted[-1] + 1]
                positions = _positions(strand)
                scripts.setdefault(upto[-1].key, {
                    "steps": [_told(step, positions) for step in upto],
                    "wanted": wanted, "keys": [upto[at].key for at in wanted],
                })  # fmt: skip
        return list(scripts.values())

    def _tied(self, strands: list[Strand]) -> Strand:
        if len(strands) == 1:
            return strands[0]
        tied = Strand(sorted((step for strand in strands for step in strand.steps), key=lambda s: s.order))
        for step in tied.steps:
            step.strand = tied
        self._strands = [strand for strand in self._strands if strand not in strands] + [tied]
        return tied


def _places(on: str | Place, args: list[Any]) -> Iterator[Place]:
    if isinstance(on, Place):
        yield on
    yield from (node[1] for node in args if node[0] == "x")


def _positions(strand: Strand) -> dict[Step, int]:
    return {step: at for at, step in enumerate(strand.steps)}


def _told(step: Step, positions: dict[Step, int]) -> dict[str, Any]:
    """The step as JSON, its places as positions in the strand."""

    def told(place: Place) -> list[Any]:
        return [positions[place.step], place.node]

    on = ["name", step.on] if isinstance(step.on, str) else told(step.on)
    args = [["x", told(node[1])] if node[0] == "x" else node for node in step.args]
    return {"on": on, "do": step.do, "args": args}
