"""How often the verifier errs, estimated from second opinions on a sample of the rollouts.

    open ledger --error_rates--> one ErrorRates per second opinion and domain, "" standing for all domains
                --undecided_trend--> how undecided verdicts go with the policy's progress

Opinions are drawn from strata (domain x outcome) of unequal shares, so each counts as many rollouts as its
stratum has per opinion. Of the answers that the second opinion finds wrong, those that were scored right are
false positives; of those it finds right, those scored wrong are false negatives. The second opinion stands
for the truth: where it errs itself, the rates are off by as much, and `@disagreements` shows the rows.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import duckdb

from rlvr.audit.gates.base import Estimate
from verifiers.bench.rates import Z_95

METHOD = (
    "Estimated from second opinions, each weighted by the rollouts of its domain and outcome per opinion; "
    "95 % Wilson intervals on the sample size that remains after weighting and after counting the "
    "rollouts of a problem as related. The second opinion is taken for the truth."
)

FEWEST_STEPS = 5
"""Fewer say nothing about a trend."""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """One second opinion's account of a domain's verdicts; an estimate is None where nothing bears on it."""

    opinion: str
    domain: str
    opinions: int
    """Rollouts with a decided verdict and a decided second opinion."""
    rollouts: int
    """Those they stand for."""
    false_positives: Estimate | None
    """Of the wrong answers, the share scored right."""
    false_negatives: Estimate | None
    """Of the right answers, the share not scored right."""


class _Cell(NamedTuple):
    """Rollouts of one problem with the same verdict and the same second opinion."""

    opinion: str
    domain: str
    problem_id: str
    accepted: bool
    right: bool
    n: int
    weight: float
    """Rollouts that all of them stand for."""


_CELLS = """
WITH population AS (
    SELECT verifier, domain, outcome, count(*) AS n FROM held
    WHERE outcome IN ('right', 'wrong', 'no_answer') GROUP BY ALL),
decided AS (
    SELECT opinion, verifier, domain, problem_id, outcome, other_outcome FROM opinions
    WHERE outcome IN ('right', 'wrong', 'no_answer') AND other_outcome IN ('right', 'wrong', 'no_answer')),
drawn AS (SELECT opinion, verifier, domain, outcome, count(*) AS n FROM decided GROUP BY ALL)
SELECT opinion, d.domain, problem_id, d.outcome = 'right' AS accepted, other_outcome = 'right' AS is_right,
    count(*) AS n, sum(population.n / drawn.n) AS weight
FROM decided AS d
JOIN drawn USING (opinion, verifier, domain, outcome) JOIN population USING (verifier, domain, outcome)
GROUP BY ALL ORDER BY ALL
"""


def error_rates(ledger: duckdb.DuckDBPyConnection) -> tuple[ErrorRates, ...]:
    """Error rates by second opinion and domain; first those of all together, where there are several."""
    by_domain: dict[tuple[str, str], list[_Cell]] = defaultdict(list)
    domains: dict[str, set[str]] = defaultdict(set)
    for cell in map(_Cell._make, ledger.execute(_CELLS).fetchall()):
        domains[cell.opinion].add(cell.domain)
        by_domain[cell.opinion, cell.domain].append(cell)
        by_domain[cell.opinion, ""].append(cell)
    return tuple(
        _rates(opinion, domain, cells)
        for (opinion, domain), cells in sorted(by_domain.items())
        if domain or len(domains[opinion]) > 1
    )


def _rates(opinion: str, domain: str, cells: list[_Cell]) -> ErrorRates:
    return ErrorRates(
        opinion,
        domain,
        opinions=sum(cell.n for cell in cells),
        rollouts=round(sum(cell.weight for cell in cells)),
        false_positives=_share(cells, of_right=False, accepted=True),
        false_negatives=_share(cells, of_right=True, accepted=False),
    )


def _share(cells: Iterable[_Cell], *, of_right: bool, accepted: bool) -> Estimate | None:
    """Weighted share of the cells with one truth that have the other verdict, with its interval."""
    mine = [cell for cell in cells if cell.right is of_right]
    total = sum(cell.weight for cell in mine)
    if not mine:
        return None
    rate = sum(cell.weight for cell in mine if cell.accepted is accepted) / total
    residues: dict[tuple[str, str], float] = defaultdict(float)
    for cell in mine:
        residues[cell.domain, cell.problem_id] += cell.weight * ((cell.accepted is accepted) - rate)
    return weighted_share(rate, [residue / total for residue in residues.values()], sum(c.n for c in mine))


def weighted_share(rate: float, residues: list[float], n: int) -> Estimate:
    """A share estimated from `n` unequal draws of related units, with a Wilson interval that is as wide.

    The variance is that of the ratio, linearized, over clusters: `residues` holds each cluster's part of the
    estimate's deviation and sums to zero. It gives the number of independent draws that are as good, which
    is never taken for more than `n`; where all draws agree, it is the number of clusters.

    Source: Korn and Graubard 1998, Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data; with Wilson's interval in place of Clopper and Pearson's.
    """
    clusters = len(residues)
    variance = sum(residue**2 for residue in residues) * clusters / max(1, clusters - 1)
    spread = rate * (1 - rate)
    size = spread / max(variance, spread / n) if spread > 0 else clusters
    shrink = 1 + Z_95**2 / size
    centre = (rate + Z_95**2 / (2 * size)) / shrink
    half = Z_95 / shrink * math.sqrt(max(0.0, spread) / size + Z_95**2 / (4 * size**2))
    return Estimate(rate, min(rate, max(0.0, centre - half)), max(rate, min(1.0, centre + half)), n)


_TREND = """
SELECT corr(undecided, reward), count(*) FROM (
    SELECT step, avg((outcome = 'undecided')::INT) AS undecided, avg(reward) AS reward
    FROM held WHERE outcome <> 'lost' GROUP BY step HAVING count(reward) > 0)
"""


def undecided_trend(ledger: duckdb.DuckDBPyConnection) -> Estimate | None:
    """Correlation over the steps of the share of undecided verdicts with the mean reward, by Fisher's z.

    Negative: there were more of them where the policy was worse, as when bad answers tire the grader out.
    None where there are too few steps, or no step differs from another.
    """
    row = ledger.execute(_TREND).fetchone()
    correlation, steps = row if row else (None, 0)
    if correlation is None or not math.isfinite(correlation) or steps < FEWEST_STEPS:
        return None
    clipped = max(-0.999999, min(0.999999, correlation))
    half = Z_95 / math.sqrt(steps - 3)
    low, high = (math.tanh(math.atanh(clipped) + side * half) for side in (-1, 1))
    return Estimate(correlation, min(low, correlation), max(high, correlation), steps)
