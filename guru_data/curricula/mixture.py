"""The plain curriculum: all domains, every problem once per epoch, in shuffled order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import ClassVar

from pydantic import JsonValue

from guru_data.curricula.base import Outcome
from guru_data.curricula.config import MixtureConfig
from guru_data.problem import Problem


class Mixture:
    order_follows_outcomes: ClassVar[bool] = False
    stage: int = 0

    def __init__(self, config: MixtureConfig, problems: Sequence[Problem]) -> None:
        self._domains = frozenset(problem.domain for problem in problems)

    def domains(self) -> frozenset[str]:
        return self._domains

    def order(self, places: Sequence[int], rng: Random) -> list[int]:
        return rng.sample(places, len(places))

    def length_budget(self, place: int) -> int | None:
        return None

    def observe(self, outcomes: Mapping[int, Outcome]) -> None:
        return

    def state(self) -> JsonValue:
        return None

    def restore(self, state: JsonValue) -> None:
        return
