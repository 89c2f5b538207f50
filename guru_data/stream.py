"""The order in which problems are trained on: a mixture of domains, each in shuffled epochs.

    problems, weights, seed --next_batch(n)--> list[Problem]     state() <--> from_state()

The next problem is always of the domain that is furthest behind its share, so a batch holds the
mixture to within one problem. Everything follows from how many problems of each domain were
served, so a cursor is a few integers and a resumed stream goes on exactly. Memory beyond the
problems themselves is one index and one permutation per domain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import isfinite
from random import Random
from typing import Self, TypedDict

from guru_data.errors import CursorError, SourceConfigError
from guru_data.problem import Problem


class Cursor(TypedDict):
    """Where a stream stands; plain JSON."""

    digest: str
    """Of the problems, weights and seed: a cursor only fits the stream that saved it."""
    served: dict[str, int]
    """Problems handed out so far, by domain."""


class ProblemStream:
    """An endless, deterministic sequence of problems.

    Args:
        problems: any sequence with random access; it is indexed once and not copied.
        weights: share of each domain, unnormalised; None gives each its share of the problems.
        seed: of the shuffles.

    Raises:
        SourceConfigError: no problems, a weight for a domain that has none, a domain without a
            weight, or a weight that is not positive.
    """

    def __init__(
        self, problems: Sequence[Problem], weights: Mapping[str, float] | None = None, *, seed: int = 0
    ) -> None:
        self._problems = problems
        self._seed = seed
        self._places = _places_by_domain(problems)
        self._shares = _shares(self._places, weights)
        self._digest = _digest(problems, self._shares, seed)
        self._served = dict.fromkeys(self._shares, 0)
        self._epochs: dict[str, tuple[int, list[int]]] = {}

    @classmethod
    def from_state(
        cls,
        state: Cursor,
        problems: Sequence[Problem],
        weights: Mapping[str, float] | None = None,
        *,
        seed: int = 0,
    ) -> Self:
        """The stream that `state` was taken from, at that place.

        Raises:
            CursorError: the cursor was saved over other problems, weights or another seed.
        """
        stream = cls(problems, weights, seed=seed)
        if state["digest"] != stream._digest:
            raise CursorError(
                "the saved cursor belongs to a stream over other problems, weights or seed: resume with the "
                "data section the run was started with, or start a new run"
            )
        stream._served = dict(state["served"])
        return stream

    def state(self) -> Cursor:
        """Where the stream stands after the last batch."""
        return {"digest": self._digest, "served": dict(self._served)}

    def next_batch(self, count: int) -> list[Problem]:
        """The next `count` problems; each domain's epoch shows each of its problems once."""
        return [self._next() for _ in range(count)]

    def _next(self) -> Problem:
        total = sum(self._served.values()) + 1
        domain = max(self._shares, key=lambda name: self._shares[name] * total - self._served[name])
        epoch, position = divmod(self._served[domain], len(self._places[domain]))
        self._served[domain] += 1
        return self._problems[self._order(domain, epoch)[position]]

    def _order(self, domain: str, epoch: int) -> list[int]:
        held = self._epochs.get(domain)
        if held is not None and held[0] == epoch:
            return held[1]
        order = list(self._places[domain])
        Random(f"{self._seed}/{domain}/{epoch}").shuffle(order)
        self._epochs[domain] = (epoch, order)
        return order


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


def _digest(problems: Sequence[Problem], shares: Mapping[str, float], seed: int) -> str:
    digest = hashlib.sha256(f"{seed}/{sorted(shares.items())}".encode())
    for problem in problems:
        digest.update(problem.content_hash.encode())
    return digest.hexdigest()
