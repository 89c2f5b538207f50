"""The steps that take problems out before any reference is graded.

    Facts of all staged problems --each step on what the ones before left--> {place: Removal}

Cheap steps come first. Each step's counts balance: what goes in comes out or is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from guru_data.clean.duplicates import find_duplicates
from guru_data.clean.leaks import BenchmarkIndex, find_leaks
from guru_data.prepare.staging import Facts, Removal

Found = Iterator[tuple[int, str, str]]
"""(place among the step's problems, reason, detail)"""


@dataclass(frozen=True)
class Step:
    """A named step: takes the problems still there, gives those to remove."""

    name: str
    find: Callable[[Sequence[Facts]], Found]


def steps_of(benchmarks: BenchmarkIndex) -> tuple[Step, ...]:
    """The steps, in their order."""
    return (
        Step("difficulty", _too_easy_or_hopeless),
        Step("duplicates", _duplicates),
        Step("ids", _taken_ids),
        Step("benchmarks", lambda facts: _leaks(facts, benchmarks)),
    )


def removals(step: Step, facts: Sequence[Facts], removed: dict[int, Removal]) -> None:
    """Add what a step takes out of the problems that are still there to `removed`, by place."""
    places = [place for place in range(len(facts)) if place not in removed]
    there = [facts[place] for place in places]
    for at, reason, detail in step.find(there):
        removed[places[at]] = Removal(there[at].source, there[at].id, step.name, reason, detail)


def _too_easy_or_hopeless(facts: Sequence[Facts]) -> Found:
    for at, fact in enumerate(facts):
        if fact.dropped_for is not None:
            yield at, fact.dropped_for, "its pass rate is beyond the limit"


def _duplicates(facts: Sequence[Facts]) -> Found:
    prints, data_sources = [fact.print for fact in facts], [fact.data_source for fact in facts]
    for found in find_duplicates(prints, data_sources):
        reason = "duplicate" if found.exact else "near_duplicate"
        earlier = facts[found.earlier]
        yield found.place, reason, f"of {earlier.id} ({earlier.source}), similarity {found.similarity:.3f}"


def _taken_ids(facts: Sequence[Facts]) -> Found:
    taken: dict[str, Facts] = {}
    for at, fact in enumerate(facts):
        if taken.setdefault(fact.id, fact) is not fact:
            yield at, "id_taken", f"by {taken[fact.id].source}"


def _leaks(facts: Sequence[Facts], benchmarks: BenchmarkIndex) -> Found:
    prints, data_sources = [fact.print for fact in facts], [fact.data_source for fact in facts]
    for at, leak in find_leaks(prints, data_sources, benchmarks):
        yield at, "benchmark_leak", f"{leak.question}, {leak.how}, share {leak.share:.3f}"
