"""What one kind of synthetic problem is: a task draws puzzles.

A puzzle brings its own answers, so that a model can be warmed up on them and a verifier tested:
`worked` is right and shows its work, `guess` has the asked form and no work behind it, `wrong`
has the asked form and must be refused. Texts are regular and no longer than they need to be; those of
each domain's usual task are short, because the models that learn from them on a laptop have a few
million parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Protocol

from pydantic import JsonValue

from guru_data.config import Level
from guru_data.problem import Domain


@dataclass(frozen=True)
class Puzzle:
    """One drawn problem with answers of three kinds."""

    content: str
    """Canonical form: two ways to ask the same thing share it. Decides id and split."""
    prompt: str
    ground_truth: JsonValue
    worked: str
    guess: str
    wrong: str
    extra: dict[str, JsonValue] = field(default_factory=dict)


class Task(Protocol):
    """Draws puzzles of one domain. No state: all chance comes from `rng`."""

    domain: ClassVar[Domain]
    verifier: ClassVar[str]
    data_source: ClassVar[str]
    usual_level: ClassVar[Level]

    def draw(self, rng: Random, level: Level) -> Puzzle: ...
