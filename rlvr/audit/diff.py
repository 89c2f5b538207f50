"""Two runs side by side: what differs in how they were made, in rewards, in verdicts and in gates.

    RUN_A, RUN_B --compare_runs--> RunDiff

Rewards are compared over the problems that both runs asked; verdicts over the responses, letter by letter
the same, that both runs graded. Nothing here prints.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from pydantic import JsonValue

from rlvr.audit.asking.query import open_ledger
from rlvr.audit.books.manifest import Origin
from rlvr.audit.opinions.whatif import mcnemar
from rlvr.audit.report.facts import RunFacts, gather


@dataclass(frozen=True, slots=True)
class Shift:
    """Mean reward of one data source in both runs, over the problems that both asked."""

    data_source: str
    problems: int
    before: float
    after: float
    stderr: float | None
    """Of the difference, paired by problem; None with one problem."""


@dataclass(frozen=True, slots=True)
class RunDiff:
    """What differs between run A and run B."""

    made: dict[str, tuple[str, str]]
    """Config keys, verifier digests, versions and model files that differ."""
    numbers: dict[str, tuple[float | None, float | None]]
    shifts: tuple[Shift, ...]
    confusion: Counter[tuple[str, str]]
    """(outcome in A, outcome in B) of the same response to the same problem."""
    flips: Counter[tuple[str, str, str, str]]
    """verifier, reason in A, outcome in B, reason in B; of those that differ."""
    gates: dict[str, tuple[str, str]]
    """Levels of the gates whose levels differ."""

    @property
    def p_value(self) -> float:
        """Of McNemar's test on right against not right."""
        lost = sum(n for (a, b), n in self.confusion.items() if a == "right" != b)
        won = sum(n for (a, b), n in self.confusion.items() if b == "right" != a)
        return mcnemar(lost, won)


def compare_runs(run_a: Path, run_b: Path) -> RunDiff:
    """Compare two runs, finished or not.

    Raises:
        LedgerError: one of them is no run, or its books are too damaged to read.
    """
    facts_a, facts_b = gather(run_a), gather(run_b)
    confusion, flips = _verdicts(run_a, run_b)
    return RunDiff(
        made=dict(_differing(_made(facts_a.origin), _made(facts_b.origin))),
        numbers={name: (value, _numbers(facts_b)[name]) for name, value in _numbers(facts_a).items()},
        shifts=tuple(_shifts(run_a, run_b)),
        confusion=confusion,
        flips=flips,
        gates=dict(_differing(_levels(facts_a), _levels(facts_b))),
    )


def _made(origin: Origin) -> dict[str, str]:
    parts: dict[str, JsonValue] = {
        "config": origin.config,
        "verifier": dict(origin.verifiers),
        "library": dict(origin.libraries),
        "model file": dict(origin.model_files),
        "python": origin.python,
        "commit": None if origin.git is None else origin.git.sha,
    }
    return dict(_flat("", parts))


def _flat(prefix: str, value: JsonValue) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, part)
    else:
        yield prefix, str(value)


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name in sorted(a.keys() | b.keys()):
        pair = a.get(name, "-"), b.get(name, "-")
        if pair[0] != pair[1]:
            yield name, pair


def _levels(facts: RunFacts) -> dict[str, str]:
    return {gate.title: gate.level.value for gate in facts.gates}


def _numbers(facts: RunFacts) -> dict[str, float | None]:
    reward, held_out = facts.reward, facts.held_out
    return {
        "steps": float(len(facts.summary.steps)),
        "rollouts": float(facts.summary.balance.requested),
        "used": float(facts.summary.balance.used),
        "reward at the start": None if reward is None else reward.before,
        "reward at the end": None if reward is None else reward.after,
        "held-out pass@1 before": held_out[0].before if held_out else None,
        "held-out pass@1 after": held_out[0].after if held_out else None,
    }


def _shifts(run_a: Path, run_b: Path) -> Iterator[Shift]:
    means_a, means_b = _problem_means(run_a), _problem_means(run_b)
    shared = sorted(means_a.keys() & means_b.keys())
    for source in sorted({source for source, _ in shared}):
        keys = [key for key in shared if key[0] == source]
        changes = [means_b[key] - means_a[key] for key in keys]
        yield Shift(
            source,
            len(keys),
            before=fmean(means_a[key] for key in keys),
            after=fmean(means_b[key] for key in keys),
            stderr=stdev(changes) / math.sqrt(len(changes)) if len(changes) > 1 else None,
        )


def _problem_means(run_dir: Path) -> dict[tuple[str, str], float]:
    query = """
        SELECT data_source, problem_id, avg(reward) FROM held WHERE reward IS NOT NULL GROUP BY ALL
    """
    with closing(open_ledger(run_dir)) as ledger:
        return {(source, problem): mean for source, problem, mean in ledger.execute(query).fetchall()}


_GRADED = """
SELECT problem_id, sha256(response) AS digest, min_by(verifier, row_hash) AS verifier,
    min_by(outcome, row_hash) AS outcome, coalesce(min_by(reason, row_hash), '') AS reason
FROM held WHERE score IS NOT NULL AND response IS NOT NULL GROUP BY ALL
"""
"""The first verdict of several on the same response to the same problem."""

_BOTH = f"""
SELECT a.verifier, a.outcome, a.reason, b.outcome, b.reason, count(*)
FROM run_a AS a JOIN ({_GRADED}) AS b USING (problem_id, digest) GROUP BY ALL ORDER BY ALL
"""


def _verdicts(
    run_a: Path, run_b: Path
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str, str, str]]]:
    with closing(open_ledger(run_a)) as ledger:
        graded_a = ledger.sql(_GRADED).to_arrow_table()
    with closing(open_ledger(run_b)) as ledger:
        ledger.register("run_a", graded_a)
        counted = ledger.execute(_BOTH).fetchall()
    confusion: Counter[tuple[str, str]] = Counter()
    flips: Counter[tuple[str, str, str, str]] = Counter()
    for verifier, outcome_a, reason_a, outcome_b, reason_b, n in counted:
        confusion[outcome_a, outcome_b] += n
        if outcome_a != outcome_b:
            flips[verifier, reason_a, outcome_b, reason_b] += n
    return confusion, flips
