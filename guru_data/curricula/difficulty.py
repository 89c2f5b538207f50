"""Learn from what is neither solved nor hopeless, short answers first, with room by difficulty.

    pass rates (measured before, then the run's own) --order--> the problems of an epoch
    pass rate, lengths of right answers --length_budget--> tokens

With p the pass rate, M the longest and A the mean length of right answers, an answer may have
    M + (cap - M)(1 - p)        for 0 < p < 1
    max(1.2 M, A)               for p = 1
tokens, between the shortest and the longest budget; where nothing was right yet, the longest.
Source: the `diff_aware` scripts of LLM360/Reasoning360.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import ClassVar

from pydantic import BaseModel, JsonValue

from guru_data.curricula.base import Outcome
from guru_data.curricula.config import DifficultyAwareConfig
from guru_data.problem import Problem


class _Tried(BaseModel):
    """What the run knows of one problem."""

    rate: float
    """Pass rate when it was last tried."""
    longest: int = 0
    """Tokens of the longest right answer so far."""
    mean: float = 0.0
    """Mean tokens of the right answers when it was last solved at all."""


class DifficultyAware:
    order_follows_outcomes: ClassVar[bool] = True
    stage: int = 0

    def __init__(self, config: DifficultyAwareConfig, problems: Sequence[Problem]) -> None:
        self._config = config
        self._domains = frozenset(problem.domain for problem in problems)
        self._measured = [problem.pass_rates.get(config.model) for problem in problems]
        self._tried: dict[int, _Tried] = {}

    def domains(self) -> frozenset[str]:
        return self._domains

    def order(self, places: Sequence[int], rng: Random) -> list[int]:
        """Shuffled, thinned, and sorted by budget; equal budgets stay shuffled."""
        shuffled = rng.sample(places, len(places))
        solved = [place for place in shuffled if self._rate(place) == 1.0]
        hopeless = [place for place in shuffled if self._rate(place) == 0.0]
        between = [place for place in shuffled if self._rate(place) not in (0.0, 1.0)]
        if not between:
            return self._by_budget(shuffled)  # nothing to measure the shares by
        solved = solved[: math.ceil(self._config.solved_share * len(between))]
        hopeless = hopeless[: math.ceil(self._config.hopeless_share * len(between))]
        kept = {*solved, *hopeless, *between}
        return self._by_budget([place for place in shuffled if place in kept])

    def length_budget(self, place: int) -> int:
        tried, cap = self._tried.get(place), self._config.longest_budget
        if tried is None or tried.longest == 0:
            return cap
        if tried.rate == 1.0:
            budget = max(1.2 * tried.longest, tried.mean)
        else:
            budget = tried.longest + (cap - tried.longest) * (1.0 - tried.rate)
        return int(min(cap, max(self._config.shortest_budget, budget)))

    def observe(self, outcomes: Mapping[int, Outcome]) -> None:
        for place, outcome in outcomes.items():
            before = self._tried.get(place)
            self._tried[place] = _Tried(
                rate=outcome.correct / outcome.samples,
                longest=max(outcome.longest_correct, before.longest if before else 0),
                mean=outcome.mean_correct if outcome.correct or before is None else before.mean,
            )

    def state(self) -> JsonValue:
        return {str(place): tried.model_dump() for place, tried in sorted(self._tried.items())}

    def restore(self, state: JsonValue) -> None:
        held = state if isinstance(state, dict) else {}
        self._tried = {int(place): _Tried.model_validate(tried) for place, tried in held.items()}

    def _rate(self, place: int) -> float | None:
        """None where it was never measured; such a problem is worth a try."""
        tried = self._tried.get(place)
        return self._measured[place] if tried is None else tried.rate

    def _by_budget(self, places: Sequence[int]) -> list[int]:
        return sorted(places, key=self.length_budget)
