"""What a run did, in numbers: the facts that the report shows.

    ledger + metrics.jsonl + evals/ --summarize--> RunSummary

Rewards and outcomes come from the ledger's rows, so that the report shows what can be proved;
evaluations and timings come from the metrics. Nothing here formats or draws.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

import duckdb

from rlvr.audit.books.balance import Balance
from rlvr.audit.books.metrics import StepMetrics
from rlvr.evaluate import Evaluation as KeptEvaluation

Points = tuple[tuple[int, float], ...]
"""(step, value) in order of steps; steps without a value are left out."""

PASS_AT_1 = "eval/pass@1/"

MAX_DOMAINS = 12
"""Domains with a curve and samples of their own: those with the most rollouts."""

EDGE_STEPS = 5
"""How many steps at either end say whether the reward rose."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One value over the steps of a run."""

    name: str
    points: Points

    @property
    def edge(self) -> int:
        """How many values at either end stand for the start and the end: five, of short runs half."""
        return max(1, min(EDGE_STEPS, len(self.points) // 2))

    @property
    def total(self) -> float:
        return sum(value for _, value in self.points)

    @property
    def first(self) -> list[float]:
        return [value for _, value in self.points[: self.edge]]

    @property
    def last(self) -> list[float]:
        return [value for _, value in self.points[-self.edge :]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation on held-out problems; shares in [0, 1], None where it was not measured."""

    step: int
    pass_at_1: float
    stderr: float | None
    form_share: float | None
    pass_given_form: float | None
    domains: dict[str, float]
    """pass@1 by domain."""
    kept: KeptEvaluation | None = None
    """What was kept of every problem; None if the run has no such file, or another split's."""


@dataclass(frozen=True, slots=True)
class SourceOutcomes:
    """What became of the rollouts of one data source."""

    domain: str
    data_source: str
    verifiers: tuple[str, ...]
    """Those that gave verdicts."""
    outcomes: Counter[str]
    mean_reward: float | None

    @property
    def requested(self) -> int:
        return self.outcomes.total()


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Everything the report shows apart from samples."""

    reward: Curve
    domains: tuple[Curve, ...]
    """Reward of the `MAX_DOMAINS` largest domains, by name."""
    outcomes: dict[int, Counter[str]]
    """By step."""
    sources: tuple[SourceOutcomes, ...]
    reasons: tuple[tuple[str, str, int], ...]
    """(outcome, reason, count), the most frequent first."""
    evaluations: dict[str, tuple[Evaluation, ...]]
    """By split, in order of steps."""
    balance: Balance
    """Of the rows that hold."""
    superseded: int
    """Rows of steps that a resume repeated."""
    curves: dict[str, Curve]
    """Every logged metric by name."""

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(self.outcomes)

    @property
    def domains_left_out(self) -> int:
        """How many domains have no curve, being too small."""
        return len({source.domain for source in self.sources}) - len(self.domains)

    @property
    def totals(self) -> Counter[str]:
        """Outcomes of all steps together."""
        return sum(self.outcomes.values(), Counter())


def summarize(
    ledger: duckdb.DuckDBPyConnection,
    metrics: Sequence[StepMetrics],
    kept: Mapping[int, KeptEvaluation] = MappingProxyType({}),
) -> RunSummary:
    """Gather the numbers of a run from its open ledger, its metrics and what it kept of its evaluations."""
    curves = _curves(metrics)
    total = ledger.execute("SELECT count(*) FROM rollouts").fetchall()[0][0]
    balance = _balance(ledger)
    return RunSummary(
        reward=_reward(ledger),
        domains=_domain_rewards(ledger),
        outcomes=_outcomes(ledger),
        sources=_sources(ledger),
        reasons=_reasons(ledger),
        evaluations=_evaluations(curves, kept),
        balance=balance,
        superseded=total - balance.requested,
        curves=curves,
    )


def _reward(ledger: duckdb.DuckDBPyConnection) -> Curve:
    query = "SELECT step, avg(reward) FROM held WHERE reward IS NOT NULL GROUP BY step ORDER BY step"
    return Curve("all domains", tuple(ledger.execute(query).fetchall()))


def _domain_rewards(ledger: duckdb.DuckDBPyConnection) -> tuple[Curve, ...]:
    query = """
        SELECT domain, step, avg(reward) FROM held
        WHERE reward IS NOT NULL AND domain IN (
            SELECT domain FROM held GROUP BY domain ORDER BY count(*) DESC, domain LIMIT $most)
        GROUP BY domain, step ORDER BY domain, step
    """
    grouped = groupby(ledger.execute(query, {"most": MAX_DOMAINS}).fetchall(), key=lambda row: row[0])
    return tuple(Curve(domain, tuple((step, mean) for _, step, mean in part)) for domain, part in grouped)


def _outcomes(ledger: duckdb.DuckDBPyConnection) -> dict[int, Counter[str]]:
    by_step: dict[int, Counter[str]] = {}
    query = "SELECT step, outcome, count(*) FROM held GROUP BY ALL ORDER BY step"
    for step, outcome, count in ledger.execute(query).fetchall():
        by_step.setdefault(step, Counter())[outcome] = count
    return by_step


def _sources(ledger: duckdb.DuckDBPyConnection) -> tuple[SourceOutcomes, ...]:
    rows = ledger.execute("""
        SELECT domain, data_source, outcome, count(*), sum(reward), count(reward), list(DISTINCT verifier)
        FROM held GROUP BY domain, data_source, outcome ORDER BY domain, data_source
    """).fetchall()
    sources: list[SourceOutcomes] = []
    for (domain, data_source), group in groupby(rows, key=lambda row: row[:2]):
        part = list(group)
        rewarded = sum(row[5] for row in part)
        sources.append(
            SourceOutcomes(
                domain,
                data_source,
                verifiers=tuple(sorted({name for row in part for name in row[6] or () if name})),
                outcomes=Counter({row[2]: row[3] for row in part}),
                mean_reward=sum(row[4] or 0.0 for row in part) / rewarded if rewarded else None,
            )
        )
    return tuple(sources)


def _reasons(ledger: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str, int], ...]:
    query = """
        SELECT outcome, coalesce(reason, '') AS reason, count(*) AS n FROM held
        GROUP BY ALL ORDER BY n DESC, outcome, reason LIMIT 20
    """
    return tuple(ledger.execute(query).fetchall())


def _balance(ledger: duckdb.DuckDBPyConnection) -> Balance:
    rows = ledger.execute("SELECT used, dropped_reason, count(*) FROM held GROUP BY ALL").fetchall()
    return Balance(
        requested=sum(count for _, _, count in rows),
        used=sum(count for used, _, count in rows if used),
        dropped=Counter({reason: count for _, reason, count in rows if reason is not None}),
    )


def _curves(metrics: Sequence[StepMetrics]) -> dict[str, Curve]:
    points: dict[str, list[tuple[int, float]]] = {}
    for entry in metrics:
        for name, value in entry.items():
            if name not in ("step", "attempt") and value is not None:
                points.setdefault(name, []).append((int(entry["step"] or 0), value))
    return {name: Curve(name, tuple(values)) for name, values in points.items()}


def _evaluations(
    curves: dict[str, Curve], kept: Mapping[int, KeptEvaluation]
) -> dict[str, tuple[Evaluation, ...]]:
    """`eval/pass@1/<split>` and its companions; `eval/pass@1/<split>/<domain>` are parts of a split."""
    names = [name.removeprefix(PASS_AT_1) for name in curves if name.startswith(PASS_AT_1)]
    return {split: _evaluations_of(split, curves, kept) for split in names if "/" not in split}


def _evaluations_of(
    split: str, curves: dict[str, Curve], kept: Mapping[int, KeptEvaluation]
) -> tuple[Evaluation, ...]:
    at = {name: dict(curve.points) for name, curve in curves.items() if name.startswith("eval/")}
    stderr, form_share, pass_given_form = (
        at.get(f"eval/{kind}/{split}", {}) for kind in ("stderr", "form_share", "pass_given_form")
    )
    parts = {name.rpartition("/")[2]: at[name] for name in at if name.startswith(f"{PASS_AT_1}{split}/")}
    return tuple(
        Evaluation(
            step=step,
            pass_at_1=value,
            stderr=stderr.get(step),
            form_share=form_share.get(step),
            pass_given_form=pass_given_form.get(step),
            domains={domain: values[step] for domain, values in parts.items() if step in values},
            kept=found if (found := kept.get(step)) and math.isclose(found.pass_at_1, value) else None,
        )
        for step, value in at[f"{PASS_AT_1}{split}"].items()
    )
