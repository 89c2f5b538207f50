"""What a second opinion would have changed: in verdicts, and in what the run was taught.

    run directory + opinion --what_if--> WhatIf: confusion, McNemar, flips, Teaching, what to fix first

The reward policy and the algorithm are those of each attempt. A control run's permutation is not repeated. An
imported run's policy and algorithm are unknown: it is taken to have had the default ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb

from rlvr.algorithms.base import Algorithm, open_algorithm
from rlvr.audit.asking.query import open_ledger
from rlvr.audit.attempts import attempt_configs
from rlvr.audit.opinions.teaching import Flip, Pair, Teaching, teach
from rlvr.config import GRPOConfig, RewardConfig
from rlvr.errors import LedgerError

EXACT_UP_TO = 1_000
"""Pairs up to which McNemar's test is exact; beyond, the normal approximation is good to many digits."""

READ_ROWS = 10_000
"""Held at a time."""


@dataclass(slots=True)
class WhatIf:
    """One second opinion against the verdicts used."""

    opinion: str
    rollouts: int
    """Those it could have been asked about."""
    asked: int
    confusion: Counter[tuple[str, str]]
    """(our outcome, the other) -> rollouts asked about."""
    flips: Counter[Flip]
    teaching: Teaching
    weight: float = 0.0
    """Rollouts that the opinions stand for, each for those of its verifier, domain and outcome."""
    weight_differing: float = 0.0
    """Of those, the ones with another outcome."""

    @property
    def sampled(self) -> bool:
        return self.asked < self.rollouts

    @property
    def share_differing(self) -> float:
        """Of all rollouts it could have been asked about."""
        return self.weight_differing / self.weight if self.weight else 0.0

    @property
    def lost_right(self) -> int:
        return sum(
            n for (was, other), n in self.confusion.items() if was == "right" != other and _decided(other)
        )

    @property
    def won_right(self) -> int:
        return sum(
            n for (was, other), n in self.confusion.items() if other == "right" != was and _decided(was)
        )

    @property
    def p_value(self) -> float | None:
        """Of McNemar's test: how likely so uneven a split is if both verifiers are equally strict.

        None of a sample: it was drawn by outcome, so that what differs is split unevenly by the draw.
        """
        return None if self.sampled else mcnemar(self.lost_right, self.won_right)


def mcnemar(lost: int, won: int) -> float:
    """Two-sided p of the sign test on the pairs that differ.

    Source: McNemar 1947; exact binomial form up to `EXACT_UP_TO` pairs, else with continuity correction.
    """
    pairs = lost + won
    if pairs <= EXACT_UP_TO:
        tail = sum(math.comb(pairs, k) for k in range(min(lost, won) + 1))
        return min(1.0, 2 * tail / 2**pairs)
    return math.erfc(max(0, abs(lost - won) - 1) / math.sqrt(2 * pairs))


_STRATA = """
WITH second AS (SELECT * FROM verdicts WHERE opinion = $opinion)
SELECT h.verifier, h.domain, h.outcome, count(*) AS n, count(s.row_hash) AS asked, count(s.status) AS answered
FROM held AS h LEFT JOIN second AS s ON s.row_hash = h.row_hash
WHERE (h.response IS NOT NULL OR s.row_hash IS NOT NULL) AND h.verifier IN (
    SELECT h.verifier FROM held AS h JOIN second AS s ON s.row_hash = h.row_hash)
GROUP BY ALL
"""

_PAIRS = """
SELECT h.step, h.attempt, h.group_id, h.domain, coalesce(h.completion_tokens, 0), h.finish_reason,
    h.status, h.score, h.outcome, coalesce(h.reason, ''), v.status IS NOT NULL AS has_other,
    v.status, v.score, outcome_of(v.status, v.score), coalesce(v.reason, ''), h.verifier
FROM held AS h LEFT JOIN (SELECT * FROM verdicts WHERE opinion = $opinion) AS v USING (row_hash)
WHERE (h.step, h.attempt, h.group_id) IN (
    SELECT (step, attempt, group_id) FROM opinions WHERE opinion = $opinion)
ORDER BY h.step, h.attempt, h.group_id, h.rollout_id
"""


def what_if(run_dir: Path, opinion: str) -> WhatIf:
    """Compare a stored second opinion with the verdicts that were used.

    Raises:
        LedgerError: there is no such opinion, or the books cannot be read.
    """
    taught = _taught(run_dir)
    with closing(open_ledger(run_dir)) as ledger:
        strata = ledger.execute(_STRATA, {"opinion": opinion}).fetchall()
        if not strata:
            raise LedgerError(
                f"{run_dir} holds no second opinion {opinion!r}: make it with `rlvr audit regrade`"
            )
        weights = {tuple(row[:3]): row[3] / row[5] for row in strata if row[5]}
        found = WhatIf(
            opinion, sum(row[3] for row in strata), sum(row[4] for row in strata), Counter(), Counter(),
            Teaching(),
        )  # fmt: skip
        for (_, attempt, _), group in groupby(_pairs(ledger, opinion, weights), key=lambda pair: pair.group):
            pairs = list(group)
            _count(found, pairs)
            teach(found.teaching, pairs, *taught[attempt - 1])
    return found


def _taught(run_dir: Path) -> list[tuple[RewardConfig, Algorithm]]:
    """Reward policy and algorithm of each attempt."""
    return [
        (RewardConfig(), open_algorithm(GRPOConfig()))
        if config is None
        else (config.reward, open_algorithm(config.algorithm))
        for config in attempt_configs(run_dir)
    ]


def _pairs(
    ledger: duckdb.DuckDBPyConnection, opinion: str, weights: dict[tuple[str, ...], float]
) -> Iterator[Pair]:
    rows = ledger.execute(_PAIRS, {"opinion": opinion})
    while part := rows.fetchmany(READ_ROWS):
        for row in part:
            *group, domain, tokens, finish_reason = row[:6]
            was, answered, other, verifier = row[6:10], row[10], row[11:15], row[15]
            weight = weights[verifier, domain, was[2]] if answered else 0.0
            yield Pair(tuple(group), domain, tokens, finish_reason, was, other if answered else was, weight)


def _count(found: WhatIf, pairs: list[Pair]) -> None:
    for pair in pairs:
        if pair.weight:
            found.confusion[pair.was[2], pair.other[2]] += 1
            found.weight += pair.weight
        if pair.differs:
            found.flips[pair.flip] += 1
            found.weight_differing += pair.weight


def _decided(outcome: str) -> bool:
    return outcome not in ("undecided", "lost")
