"""The order in which problems are trained on: a mixture of domains, each in shuffled epochs.

    problems, weights, curriculum, seed --next_batch(n)--> list[Problem]     state() <--> from_state()
    outcomes of a step --observe--> curriculum

The next problem is always of the domain that is furthest behind its share, so a batch holds the
mixture to within one problem. Which domains take part, which problems make up an epoch and how long
an answer may be is the curriculum's business.

Batches may be drawn `ahead` steps before their turn. The batch of step t then follows from the
outcomes of the steps up to t - 1 - ahead, and from nothing later: however long a rollout takes, the
same run draws the same batches. So a cursor is a few integers and what the curriculum learned, and a
resumed stream goes on exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import isfinite
from random import Random
from typing import Self, TypedDict

from pydantic import JsonValue

from guru_data.curricula.base import Outcome, open_curriculum
from guru_data.curricula.config import CurriculumConfig, MixtureConfig
from guru_data.errors import CursorError, SourceConfigError
from guru_data.problem import Problem


class Cursor(TypedDict):
    """Where a stream stands; plain JSON."""

    digest: str
    """Of the problems, weights, curriculum and seed: a cursor only fits the stream that saved it."""
    drawn: int
    """Batches handed out so far."""
    stage: int
    """Of the curriculum, when the last batch was drawn."""
    served: dict[str, int]
    """Problems handed out in this stage, by domain."""
    epochs: dict[str, tuple[int, int]]
    """Epoch and position in it, by domain."""
    orders: dict[str, list[int]]
    """The running epochs' places, where outcomes decided them."""
    curriculum: JsonValue
    outcomes: dict[str, dict[str, JsonValue]]
    """Of the steps that the curriculum has not seen yet, by step and place."""


class ProblemStream:
    """An endless, deterministic sequence of problems.

    Args:
        problems: any sequence with random access; it is indexed once and not copied.
        weights: share of each domain, unnormalised; None gives each its share of the problems.
        seed: of the shuffles.
        curriculum: None is the plain mixture.
        ahead: how many steps before their turn batches are drawn, at most.

    Raises:
        SourceConfigError: no problems, a weight for a domain that has none, a domain without a
            weight, a weight that is not positive, or a stage of the curriculum without problems.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        weights: Mapping[str, float] | None = None,
        *,
        seed: int = 0,
        curriculum: CurriculumConfig | None = None,
        ahead: int = 0,
    ) -> None:
        config = curriculum or MixtureConfig()
        self._problems = problems
        self._seed = seed
        self._ahead = ahead
        self._places = _places_by_domain(problems)
        self._shares = _shares(self._places, weights)
        self._place_of = {problem.id: place for place, problem in enumerate(problems)}
        self._curriculum = open_curriculum(config, problems)
        self._digest = _digest(problems, self._shares, seed, config, ahead)
        self._drawn = 0
        self._stage = self._curriculum.stage
        self._served = dict.fromkeys(self._shares, 0)
        self._epochs = dict.fromkeys(self._shares, (0, 0))
        self._orders: dict[str, list[int]] = {}
        self._outcomes: dict[int, dict[int, Outcome]] = {}

    @classmethod
    def from_state(
        cls,
        state: Cursor,
        problems: Sequence[Problem],
        weights: Mapping[str, float] | None = None,
        *,
        seed: int = 0,
        curriculum: CurriculumConfig | None = None,
        ahead: int = 0,
    ) -> Self:
        """The stream that `state` was taken from, at that place.

        Raises:
            CursorError: the cursor was saved over other problems, weights, curriculum or another seed.
        """
        stream = cls(problems, weights, seed=seed, curriculum=curriculum, ahead=ahead)
        if state["digest"] != stream._digest:
            raise CursorError(
                "the saved cursor belongs to a stream over other problems, weights or seed, or with another "
                "curriculum: resume with the config the run was started with, or start a new run"
            )
        stream._drawn, stream._stage = state["drawn"], state["stage"]
        stream._served = dict(state["served"])
        stream._epochs = {domain: (epoch, at) for domain, (epoch, at) in state["epochs"].items()}
        stream._orders = {domain: list(order) for domain, order in state["orders"].items()}
        stream._curriculum.restore(state["curriculum"])
        for step, outcomes in state["outcomes"].items():
            stream._outcomes[int(step)] = {
                int(place): Outcome.model_validate(outcome) for place, outcome in outcomes.items()
            }
        return stream

    def state(self) -> Cursor:
        """Where the stream stands after the last batch."""
        kept = self._orders if self._curriculum.order_follows_outcomes else {}
        cursor: Cursor = {
            "digest": self._digest,
            "drawn": self._drawn,
            "stage": self._stage,
            "served": dict(self._served),
            "epochs": dict(self._epochs),
            "orders": {domain: list(order) for domain, order in kept.items()},
            "curriculum": self._curriculum.state(),
            "outcomes": {},
        }
        return self.with_outcomes(cursor)

    def with_outcomes(self, cursor: Cursor) -> Cursor:
        """An earlier cursor of this stream with the outcomes observed since, as a checkpoint needs it.

        A cursor is taken when its last batch is drawn, a checkpoint after that batch was trained on; up
        to `ahead` more batches have been drawn by then, which a resumed run draws again.
        """
        last = cursor["drawn"] - 1
        unseen = [step for step in sorted(self._outcomes) if last - self._ahead <= step <= last]
        outcomes: dict[str, dict[str, JsonValue]] = {
            str(step): {str(at): found.model_dump() for at, found in self._outcomes[step].items()}
            for step in unseen
        }
        return {**cursor, "outcomes": outcomes}

    def next_batch(self, count: int) -> list[Problem]:
        """The next `count` problems; each domain's epoch shows each of its problems once."""
        due = self._drawn - 1 - self._ahead
        if due in self._outcomes:
            self._curriculum.observe(self._outcomes[due])
        self._outcomes = {step: found for step, found in self._outcomes.items() if step >= due - self._ahead}
        if self._curriculum.stage != self._stage:
            self._stage = self._curriculum.stage
            self._served = dict.fromkeys(self._shares, 0)
        self._drawn += 1
        return [self._next() for _ in range(count)]

    def observe(self, step: int, outcomes: Mapping[str, Outcome]) -> None:
        """Say what became of the batch of a step (the first is 0), by problem id, once it is known."""
        self._outcomes[step] = {self._place_of[name]: outcome for name, outcome in outcomes.items()}

    def length_budget(self, problem: Problem) -> int | None:
        """Tokens that an answer to a problem may have now; None leaves it to the trainer."""
        return self._curriculum.length_budget(self._place_of[problem.id])

    def _next(self) -> Problem:
        domains = sorted(self._curriculum.domains())  # sums of floats must not depend on a set's order
        total = sum(self._served.values()) + 1
        whole = sum(self._shares[name] for name in domains)
        domain = max(domains, key=lambda name: self._shares[name] / whole * total - self._served[name])
        epoch, at = self._epochs[domain]
        order = self._order(domain, epoch)
        if at == len(order):
            epoch, at = epoch + 1, 0
            del self._orders[domain]
            order = self._order(domain, epoch)
        self._epochs[domain] = (epoch, at + 1)
        self._served[domain] += 1
        return self._problems[order[at]]

    def _order(self, domain: str, epoch: int) -> list[int]:
        if domain not in self._orders:
            rng = Random(f"{self._seed}/{domain}/{epoch}")
            self._orders[domain] = self._curriculum.order(self._places[domain], rng)
        return self._orders[domain]


def _places_by_domain(problems: Sequence[Problem]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, problem in enumerate(problems):
        places.setdefault(problem.domain, []).append(place)
    if not places:
        raise SourceConfigError("a stream needs at least one problem")
    return dict(sorted(places.items()))


def _shares(places: Mapping[str, list[int]], weights: Mapping[str, float] | None) -> dict[str, float]:
    if weights is None:
        weights = {domain: len(indices) for domain, indices in places.items()}
    if set(weights) != set(places):
        raise SourceConfigError(f"weights are for {sorted(weights)}, the problems are of {sorted(places)}")
    if not all(weight > 0 and isfinite(weight) for weight in weights.values()):
        raise SourceConfigError(f"weights must be positive and finite, got {dict(weights)}")
    total = sum(weights.values())
    return {domain: weights[domain] / total for domain in places}


def _digest(
    problems: Sequence[Problem],
    shares: Mapping[str, float],
    seed: int,
    curriculum: CurriculumConfig,
    ahead: int,
) -> str:
    settings = f"{seed}/{sorted(shares.items())}/{curriculum.model_dump_json()}/{ahead}"
    digest = hashlib.sha256(settings.encode())
    for problem in problems:
        digest.update(problem.content_hash.encode())
    return digest.hexdigest()
