"""What a curriculum is. Implementations are named in `CURRICULA`.

    outcomes of earlier steps --observe--> curriculum --domains, order, length_budget--> ProblemStream

The stream draws; a curriculum says from what. Its whole memory is plain JSON, so that a resumed
stream goes on exactly. It sees places (indices into the stream's problems), never texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from random import Random
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue, NonNegativeInt, PositiveInt

from guru_data.curricula.config import CurriculumConfig
from guru_data.problem import Problem


class Outcome(BaseModel):
    """What became of one problem's rollouts in a step; lost and undecided ones are left out before."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    samples: PositiveInt
    correct: NonNegativeInt
    reward: float
    """Mean over the samples."""
    longest_correct: NonNegativeInt = 0
    """Completion tokens of the longest right sample; 0 where none is right."""
    mean_correct: float = Field(default=0.0, ge=0.0)
    """Completion tokens, mean over the right samples."""


class Curriculum(Protocol):
    """Built from its config and the stream's problems."""

    order_follows_outcomes: ClassVar[bool]
    """Whether `order` depends on more than its random numbers; a cursor then holds the order."""

    @property
    def stage(self) -> int:
        """Number of the stage; the mixture of domains starts afresh with each."""
        ...

    def domains(self) -> frozenset[str]:
        """What the next problem may be from."""
        ...

    def order(self, places: Sequence[int], rng: Random) -> list[int]:
        """One epoch over a domain's problems: some of the places, at least one, each at most once."""
        ...

    def length_budget(self, place: int) -> int | None:
        """Tokens that an answer may have; None leaves it to the trainer."""
        ...

    def observe(self, outcomes: Mapping[int, Outcome]) -> None:
        """Take in one step's outcomes, by place; called once for each step, in order."""
        ...

    def state(self) -> JsonValue:
        """All that was learned from outcomes."""
        ...

    def restore(self, state: JsonValue) -> None:
        """Go back to what `state` gave."""
        ...


CURRICULA = {
    "mixture": "guru_data.curricula.mixture:Mixture",
    "staged": "guru_data.curricula.staged:Staged",
    "difficulty": "guru_data.curricula.difficulty:DifficultyAware",
}


def open_curriculum(config: CurriculumConfig, problems: Sequence[Problem]) -> Curriculum:
    """Build the curriculum of a config; raises SourceConfigError where it does not fit the problems."""
    module, _, name = CURRICULA[config.kind].partition(":")
    curriculum: Curriculum = getattr(import_module(module), name)(config, problems)
    return curriculum
