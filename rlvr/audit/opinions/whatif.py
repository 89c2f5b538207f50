"""What a second opinion would have changed: in verdicts, and in what the run was taught.

    run directory + opinion --what_if--> WhatIf: confusion, McNemar, flips, Teaching, what to fix first

Rewards and advantages are made anew from both verdicts by the run's own reward policy and algorithm; a row
without a second verdict keeps its first. A control run's permutation is not repeated. An imported run's
policy and algorithm are unknown: it is taken to have had the default ones.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np

from rlvr.algorithms.base import Algorithm, open_algorithm
from rlvr.audit.asking.query import open_ledger
from rlvr.audit.books.manifest import read_config
from rlvr.config import GRPOConfig, RewardConfig
from rlvr.errors import LedgerError
from rlvr.rollouts import FinishReason, FloatArray, Rollout, Sample
from rlvr.score import reward_of
from verifiers import Verdict, VerdictStatus

EXACT_UP_TO = 1_000
"""Pairs up to which McNemar's test is exact; beyond, the normal approximation is good to many digits."""

Flip = tuple[str, str, str, str, str]
"""domain, outcome, its reason, the other outcome, its reason."""


@dataclass(slots=True)
class Teaching:
    """What the other verdicts would have changed in training."""

    groups: int = 0
    sign_changed: int = 0
    """Groups in which some rollout's advantage changes its sign, to or from zero included."""
    became_flat: int = 0
    """Groups that taught something and would not have."""
    ceased_flat: int = 0
    tokens: int = 0
    """Completion tokens with an advantage other than zero."""
    tokens_pushed_wrong: int = 0
    """Those of them whose advantage has the opposite sign under the other verdicts."""
    weight: float = 0.0
    """Sum of |advantage|."""
    weight_wrong: float = 0.0
    """Of rollouts whose advantage has another sign under the other verdicts."""
    rewards: list[tuple[float, float]] = field(default_factory=list)
    """Both rewards of each rollout that has both."""
    harm: dict[Flip, float] = field(default_factory=dict)
    """Sum of |change of advantage| x tokens, by kind of flip."""

    @property
    def weighted_error(self) -> float:
        """Share of the weight of all advantages that pushed another way than it should have."""
        return self.weight_wrong / self.weight if self.weight else 0.0

    @property
    def reward_change(self) -> float:
        """Mean reward under the other verdicts less that under ours."""
        return math.fsum(other - was for was, other in self.rewards) / max(len(self.rewards), 1)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One second opinion against the verdicts used."""

    opinion: str
    confusion: Counter[tuple[str, str]]
    """(our outcome, the other) -> rollouts."""
    flips: Counter[Flip]
    teaching: Teaching

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
    def p_value(self) -> float:
        """Of McNemar's test: how likely so uneven a split is if both verifiers are equally strict."""
        return mcnemar(self.lost_right, self.won_right)


def mcnemar(lost: int, won: int) -> float:
    """Two-sided p of the sign test on the pairs that differ.

    Source: McNemar 1947; exact binomial form up to `EXACT_UP_TO` pairs, else with continuity correction.
    """
    pairs = lost + won
    if pairs <= EXACT_UP_TO:
        tail = sum(math.comb(pairs, k) for k in range(min(lost, won) + 1))
        return min(1.0, 2 * tail / 2**pairs)
    return math.erfc(max(0, abs(lost - won) - 1) / math.sqrt(2 * pairs))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A row with both verdicts; `other` is None where there is no second one."""

    group: tuple[int, int, str]
    domain: str
    tokens: int
    finish_reason: str | None
    was: tuple[str | None, float | None, str, str]
    """status, score, outcome, reason."""
    other: tuple[str | None, float | None, str, str]


_PAIRS = """
SELECT h.step, h.attempt, h.group_id, h.domain, coalesce(h.completion_tokens, 0), h.finish_reason,
    h.status, h.score, h.outcome, coalesce(h.reason, ''), v.status IS NOT NULL AS has_other,
    v.status, v.score, outcome_of(v.status, v.score), coalesce(v.reason, '')
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
    config = read_config(run_dir)
    policy, kind = (RewardConfig(), GRPOConfig()) if config is None else (config.reward, config.algorithm)
    with closing(open_ledger(run_dir)) as ledger:
        rows = ledger.execute(_PAIRS, {"opinion": opinion}).fetchall()
    if not rows:
        raise LedgerError(f"{run_dir} holds no second opinion {opinion!r}: make it with `rlvr audit regrade`")
    confusion: Counter[tuple[str, str]] = Counter()
    flips: Counter[Flip] = Counter()
    for row in rows:
        if row[10]:
            confusion[row[8], row[13]] += 1
            if row[8] != row[13]:
                flips[_flip(_pair(row))] += 1
    teaching, algorithm = Teaching(), open_algorithm(kind)
    for _, group in groupby(map(_pair, rows), key=lambda pair: pair.group):
        _teach(teaching, list(group), policy, algorithm)
    return WhatIf(opinion, confusion, flips, teaching)


def _pair(row: tuple) -> _Pair:  # type: ignore[type-arg]
    was = row[6:10]
    return _Pair(row[:3], row[3], row[4], row[5], was, row[11:15] if row[10] else was)


def _flip(pair: _Pair) -> Flip:
    return (pair.domain, *pair.was[2:], *pair.other[2:])


def _teach(teaching: Teaching, pairs: Sequence[_Pair], policy: RewardConfig, algorithm: Algorithm) -> None:
    """Add one group to the account."""
    was_G = _rewards([_sample(pair.finish_reason, *pair.was[:2]) for pair in pairs], policy)
    other_G = _rewards([_sample(pair.finish_reason, *pair.other[:2]) for pair in pairs], policy)
    before_G, after_G = _advantages(was_G, algorithm), _advantages(other_G, algorithm)
    turned_G = np.sign(before_G) != np.sign(after_G)
    tokens_G = np.array([pair.tokens for pair in pairs])
    teaching.groups += 1
    teaching.sign_changed += bool(turned_G.any())
    teaching.became_flat += bool(before_G.any() and not after_G.any())
    teaching.ceased_flat += bool(after_G.any() and not before_G.any())
    teaching.tokens += int(tokens_G[before_G != 0].sum())
    teaching.tokens_pushed_wrong += int(tokens_G[before_G * after_G < 0].sum())
    teaching.weight += float(np.abs(before_G).sum())
    teaching.weight_wrong += float(np.abs(before_G)[turned_G].sum())
    both = np.isfinite(was_G) & np.isfinite(other_G)
    teaching.rewards += list(zip(was_G[both].tolist(), other_G[both].tolist(), strict=True))
    for pair, moved in zip(pairs, np.abs(after_G - before_G) * tokens_G, strict=True):
        if pair.was[2] != pair.other[2] and moved:
            teaching.harm[_flip(pair)] = teaching.harm.get(_flip(pair), 0.0) + float(moved)


def _rewards(samples: Sequence[Sample], policy: RewardConfig) -> FloatArray:
    return np.array([reward_of(sample, policy)[0] for sample in samples], np.float32)


def _advantages(rewards_G: FloatArray, algorithm: Algorithm) -> FloatArray:
    """Zero where a rollout has no reward or nothing to be compared with."""
    advantages_G = np.zeros(len(rewards_G), np.float32)
    rewarded = np.isfinite(rewards_G)
    if rewarded.sum() > 1:
        advantages_G[rewarded] = algorithm.advantages(rewards_G[rewarded])
    return advantages_G


_NO_IDS, _NO_LOGPROBS = np.empty(0, np.int32), np.empty(0, np.float32)


def _sample(finish_reason: str | None, status: str | None, score: float | None) -> Sample:
    """As much of a rollout as the reward policy looks at."""
    if status is None:
        return Sample("", None, None)
    reason: FinishReason = "length" if finish_reason == "length" else "stop"
    rollout = Rollout("", _NO_IDS, _NO_IDS, _NO_LOGPROBS, "", reason, ())
    return Sample("", rollout, Verdict(status=VerdictStatus(status), score=score, reason="stored"))


def _decided(outcome: str) -> bool:
    return outcome not in ("undecided", "lost")
