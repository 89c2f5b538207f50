"""Gates on what was taught: do books, rewards and advantages follow from the verdicts, are they fresh."""

from __future__ import annotations

import math

from rlvr.audit.gates.base import Estimate, Evidence, Gate, judged
from rlvr.audit.report.pictures import LOGPROB_LIMIT

TAIL_LIMIT = 0.2
"""Nats. Rounding to bfloat16 leaves 1 % of the tokens 0.02 to 0.1 off."""
TINY = 1e-30
"""A ratio that underflowed."""


def books(evidence: Evidence) -> Gate:
    faults = len(evidence.check.faults) + (not evidence.summary.balance.holds)
    return judged(
        "books", "Books", Estimate.exact(float(faults), evidence.check.lines + 1),
        "faults in the chain of hashes, in the files it seals, or in requested = used + dropped",
        warn=0, fail=0, unit="faults", section="books", query="SELECT * FROM books",
    )  # fmt: skip


_SHORT = """
FROM (SELECT count(*) AS n, max(count(*)) OVER (PARTITION BY attempt) AS most FROM held
    GROUP BY step, attempt, group_id)
"""


def missing(evidence: Evidence) -> Gate:
    """What was never written down leaves groups of different sizes, which others may mean to be so.

    A resume may change the size, so that groups are compared within their attempt.
    """
    gone, of = evidence.one(f"SELECT coalesce(sum(most - n), 0), coalesce(sum(most), 0) {_SHORT}")
    found = Estimate.exact(gone / max(of, 1), int(of)) if evidence.ours else None
    return judged(
        "missing", "Rollouts missing", found,
        "rollouts that groups lack which are smaller than the largest one of their attempt: in no row",
        warn=0, fail=0.01, section="books",
        query="SELECT step, group_id, requested FROM groups ORDER BY requested, step, group_id",
    )  # fmt: skip


_OWED = """
FROM (SELECT row_hash, reward, CASE
    WHEN finish_reason = 'length' AND mask THEN NULL
    WHEN outcome = 'no_answer' THEN no_answer ELSE score END AS owed
    FROM held JOIN (SELECT unnest($policies, recursive := true)) USING (attempt) WHERE status IS NOT NULL)
"""
_NOT_PAID = "reward IS DISTINCT FROM owed AND NOT coalesce(abs(reward - owed) < 1e-6, false)"


def reward_policy(evidence: Evidence) -> Gate:
    """Each row by the policy of its own attempt; the control run shuffles its rewards on purpose."""
    policies = [
        {"attempt": attempt, "mask": one.reward.truncated == "mask", "no_answer": one.reward.no_answer}
        for attempt, one in enumerate(evidence.configs, start=1)
        if one is not None and one.algorithm.control != "permute"
    ]
    if not policies:
        return _policy_gate(None)
    count, of = evidence.one(f"SELECT count(*) FILTER ({_NOT_PAID}), count(*) {_OWED}", policies=policies)
    rows = evidence.hashes(
        f"SELECT row_hash {_OWED.rstrip()} WHERE {_NOT_PAID} ORDER BY row_hash", policies=policies
    )
    return _policy_gate(Estimate.exact(count / max(of, 1), int(of)), rows)


def _policy_gate(found: Estimate | None, rows: tuple[str, ...] = ()) -> Gate:
    return judged(
        "reward_policy", "Rewards that do not follow", found,
        "graded rollouts whose reward is not what the configured policy gives for their verdict",
        warn=0, fail=0, section="reward", rows=rows,
        query="SELECT row_hash, score, reward, outcome, finish_reason FROM held WHERE reward <> score",
    )  # fmt: skip


_TURNED = """
FROM (SELECT row_hash, advantage, reward - avg(reward) OVER (PARTITION BY step, attempt, group_id) AS centred
    FROM held WHERE reward IS NOT NULL) WHERE advantage IS NOT NULL
"""
_AGAINST = """
(centred > 1e-3 AND advantage <= 0 OR centred < -1e-3 AND advantage >= 0
    OR abs(centred) < 1e-6 AND abs(advantage) > 1e-3)
"""


def advantages(evidence: Evidence) -> Gate:
    against, of = evidence.one(f"SELECT count(*) FILTER ({_AGAINST}), count(*) {_TURNED}")
    return judged(
        "advantages", "Advantages that do not follow", Estimate.exact(against / max(of, 1), int(of)),
        "rollouts better than their group that were pushed down, or worse and pushed up",
        warn=0, fail=0 if evidence.ours else None, section="reward",  # others may center otherwise
        rows=evidence.hashes(f"SELECT row_hash {_TURNED.rstrip()} AND {_AGAINST} ORDER BY row_hash"),
    )  # fmt: skip


def zero_variance(evidence: Evidence) -> Gate:
    flat, of = evidence.one(
        "SELECT count(*) FILTER (flat), count(*) FROM groups WHERE step >= $last", last=evidence.last_step
    )
    return judged(
        "zero_variance", "Groups that teach nothing", Estimate.share(int(flat), int(of)),
        f"groups of the last {evidence.edge} steps whose rewards are all equal",
        warn=0.8, fail=None, section="health", query="SELECT * FROM groups WHERE flat",
    )  # fmt: skip


_LAGS = """
FROM (SELECT row_hash, step - weight_version_min AS lag, ahead, lag - ahead + ahead / 1e6 AS beyond
    FROM held JOIN (SELECT unnest($allowed, recursive := true)) USING (attempt))
"""


def staleness(evidence: Evidence) -> Gate:
    """Of the attempt in which rollouts were most beyond what its config allows."""
    allowed = [
        {"attempt": attempt, "ahead": one.rollout.ahead}
        for attempt, one in enumerate(evidence.configs, start=1)
        if one is not None
    ] or [{"attempt": 0, "ahead": 0}]
    most, ahead, of = evidence.one(
        f"SELECT coalesce(arg_max(lag, beyond), 0), coalesce(arg_max(ahead, beyond), 0), count(lag) {_LAGS}",
        allowed=allowed,
    )
    rows = evidence.hashes(
        f"SELECT row_hash {_LAGS.rstrip()} WHERE lag > ahead ORDER BY row_hash",
        allowed=allowed,
    )
    return judged(
        "staleness", "Stale rollouts", Estimate.exact(float(most), int(of)),
        f"versions by which the oldest token is behind the weights it trained; {ahead} are allowed",
        warn=ahead, fail=ahead + 1, unit="versions", section="health", rows=rows,
        query="SELECT * FROM groups ORDER BY staleness DESC",
    )  # fmt: skip


def logprobs(evidence: Evidence) -> Gate:
    curve = evidence.summary.curves.get("policy/logprob_diff")
    worst = max((value for _, value in curve.points), default=0.0) if curve else 0.0
    return judged(
        "logprobs", "Engine against learner",
        Estimate.exact(worst, len(curve.points)) if curve else None,
        "largest mean |log p(engine) - log p(learner)| of a step: a stale or damaged publish shows here",
        warn=LOGPROB_LIMIT, fail=5 * LOGPROB_LIMIT, unit="nats", section="health",
    )  # fmt: skip


def logprob_tail(evidence: Evidence) -> Gate:
    """A mean hides a few rollouts that are far off. Stale tokens are off as they must be: only on policy."""
    curves = [evidence.summary.curves.get(f"policy/ratio_{part}") for part in ("p01", "p99")]
    steps = [[abs(math.log(max(value, TINY))) for _, value in curve.points] for curve in curves if curve]
    found = None
    on_policy = not any(one.rollout.ahead for one in evidence.configs if one is not None)
    if len(steps) == 2 and steps[0] and on_policy:
        found = Estimate.exact(max(map(max, steps)), len(steps[0]))
    return judged(
        "logprob_tail", "Engine against learner, worst tokens", found,
        "largest |log p(engine) - log p(learner)| that 1 % of a step's tokens reach: some rollouts were not "
        "sampled under the weights",
        warn=TAIL_LIMIT, fail=None, unit="nats", section="health",
    )  # fmt: skip
