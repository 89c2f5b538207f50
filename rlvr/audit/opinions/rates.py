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
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb

from rlvr.audit.gates.base import Estimate
from rlvr.audit.gates.sampling import Cluster, complement, share_of_class, weighted_share
from verifiers.bench.rates import Z_95

METHOD = (
    "Estimated from second opinions, each weighted by the rollouts of its domain and outcome per opinion; "
    "95 % intervals from those of three shares, of rollouts scored right and of errors among these and among "
    "the others, each with the rollouts of a problem counted as related. The second opinion is taken for the "
    "truth."
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
    squares: float
    """Sum of the squares of what each stands for."""


_CELLS = """
WITH population AS (
    SELECT verifier, domain, outcome, count(*) AS n FROM held
    WHERE outcome IN ('right', 'wrong', 'no_answer') GROUP BY ALL),
decided AS (
    SELECT opinion, verifier, domain, problem_id, outcome, other_outcome FROM opinions
    WHERE outcome IN ('right', 'wrong', 'no_answer') AND other_outcome IN ('right', 'wrong', 'no_answer')),
drawn AS (SELECT opinion, verifier, domain, outcome, count(*) AS n FROM decided GROUP BY ALL)
SELECT opinion, d.domain, problem_id, d.outcome = 'right' AS accepted, other_outcome = 'right' AS is_right,
    count(*) AS n, sum(population.n / drawn.n) AS weight, sum((population.n / drawn.n) ** 2) AS squares
FROM decided AS d
JOIN drawn USING (opinion, verifier, domain, outcome) JOIN population USING (verifier, domain, outcome)
GROUP BY ALL ORDER BY ALL
"""

_SCORED = """
WITH asked AS (
    SELECT DISTINCT opinion, verifier, domain FROM opinions
    WHERE outcome IN ('right', 'wrong', 'no_answer') AND other_outcome IN ('right', 'wrong', 'no_answer'))
SELECT opinion, domain, count(*) AS n, count(*) FILTER (outcome = 'right') AS accepted
FROM held JOIN asked USING (verifier, domain) WHERE outcome IN ('right', 'wrong', 'no_answer')
GROUP BY opinion, domain, problem_id ORDER BY ALL
"""
"""Of each problem that an opinion could have been drawn of: its rollouts, and those scored right."""

_Key = tuple[str, str]
"""An opinion, and a domain or "" for all."""


def error_rates(ledger: duckdb.DuckDBPyConnection) -> tuple[ErrorRates, ...]:
    """Error rates by second opinion and domain; first those of all together, where there are several."""
    cells: dict[_Key, list[_Cell]] = defaultdict(list)
    for cell in map(_Cell._make, ledger.execute(_CELLS).fetchall()):
        cells[cell.opinion, cell.domain].append(cell)
        cells[cell.opinion, ""].append(cell)
    scored: dict[_Key, list[Cluster]] = defaultdict(list)
    for opinion, domain, n, accepted in ledger.execute(_SCORED).fetchall():
        for key in ((opinion, domain), (opinion, "")):
            scored[key].append(Cluster(n, accepted, n - accepted, n))
    domains = Counter(opinion for opinion, domain in cells if domain)
    return tuple(
        _rates(*key, cells[key], weighted_share(scored[key]))
        for key in sorted(cells)
        if key[1] or domains[key[0]] > 1
    )


def _rates(opinion: str, domain: str, cells: list[_Cell], accepted: Estimate) -> ErrorRates:
    return ErrorRates(
        opinion,
        domain,
        opinions=sum(cell.n for cell in cells),
        rollouts=round(sum(cell.weight for cell in cells)),
        false_positives=_share(cells, accepted, of_right=False),
        false_negatives=_share(cells, complement(accepted), of_right=True),
    )


def _share(cells: Sequence[_Cell], size: Estimate, *, of_right: bool) -> Estimate | None:
    """Of the answers with one truth, the share that got the verdict which that truth denies.

    `size` is the share of all rollouts that got this verdict. Both verdicts' draws tell, those of the other
    truth too: how much of a verdict's rollouts the errors may be depends on all that were drawn of it.
    """
    erring: dict[tuple[str, str], list[_Cell]] = defaultdict(list)
    fitting: dict[tuple[str, str], list[_Cell]] = defaultdict(list)
    for cell in cells:
        (fitting if cell.accepted is of_right else erring)[cell.domain, cell.problem_id].append(cell)
    n = sum(cell.n for cell in cells if cell.right is of_right)
    unseen = (size.value > 0 and not erring) or (size.value < 1 and not fitting)
    if not n or unseen:
        return None
    errors, others = (
        weighted_share([_cluster(each, of_right) for each in side.values()]) for side in (erring, fitting)
    )
    return share_of_class(size, errors, others, n)


def _cluster(cells: list[_Cell], right: bool) -> Cluster:
    """The draws of one problem; those count whose truth is `right`."""
    hits, misses = (math.fsum(c.weight for c in cells if c.right is truth) for truth in (right, not right))
    return Cluster(sum(cell.n for cell in cells), hits, misses, math.fsum(cell.squares for cell in cells))


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
