"""One group of domains after the other: logic, mathematics, programming, then everything.

    rewards of each step --observe--> is the stage over?  --> domains of the stage

A stage ends after its number of steps, or once its recent mean reward is high enough; what comes
first counts. Steps without a single graded rollout count as steps and not as rewards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import ClassVar

from pydantic import BaseModel, JsonValue

from guru_data.curricula.base import Outcome
from guru_data.curricula.config import StagedConfig
from guru_data.errors import SourceConfigError
from guru_data.problem import Problem


class _Memory(BaseModel):
    stage: int = 0
    steps: int = 0
    """Of this stage."""
    rewards: list[float] = []
    """Means of this stage's last steps, at most `window`."""


class Staged:
    order_follows_outcomes: ClassVar[bool] = False

    def __init__(self, config: StagedConfig, problems: Sequence[Problem]) -> None:
        self._stages = config.stages
        there = frozenset(problem.domain for problem in problems)
        self._domains = [frozenset(stage.domains) or there for stage in config.stages]
        if missing := sorted(frozenset().union(*self._domains) - there):
            raise SourceConfigError(
                f"a stage of the curriculum is for {', '.join(missing)}, the problems are of {sorted(there)}"
            )
        self._memory = _Memory()

    @property
    def stage(self) -> int:
        return self._memory.stage

    def domains(self) -> frozenset[str]:
        return self._domains[self.stage]

    def order(self, places: Sequence[int], rng: Random) -> list[int]:
        return rng.sample(places, len(places))

    def length_budget(self, place: int) -> int | None:
        return None

    def observe(self, outcomes: Mapping[int, Outcome]) -> None:
        stage, memory = self._stages[self.stage], self._memory
        memory.steps += 1
        samples = sum(outcome.samples for outcome in outcomes.values())
        if samples:
            total = sum(outcome.reward * outcome.samples for outcome in outcomes.values())
            memory.rewards = [*memory.rewards, total / samples][-stage.window :]
        over = stage.steps is not None and memory.steps >= stage.steps
        if stage.reward is not None and len(memory.rewards) == stage.window:
            over = over or sum(memory.rewards) / stage.window >= stage.reward
        if over:
            self._memory = _Memory(stage=self.stage + 1)

    def state(self) -> JsonValue:
        return self._memory.model_dump()

    def restore(self, state: JsonValue) -> None:
        self._memory = _Memory.model_validate(state)
