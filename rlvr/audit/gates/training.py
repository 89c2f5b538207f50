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
FROM (SELECT count(*) AS n, max(count(*)) OVER () AS most FROM held GROUP BY step, attempt, group_id)
"""


def missing(evidence: Evidence) -> Gate:
    """What was never written down leaves groups of different sizes, which others may mean to be so."""
    gone, of = evidence.one(f"SELECT coalesce(sum(most - n), 0), coalesce(sum(most), 0) {_SHORT}")
    found = Estimate.exact(gone / max(of, 1), int(of)) if evidence.rewarding else None
    return judged(
        "missing", "Rollouts missing", found,
        "rollouts that groups lack which are smaller than the largest one: asked for, and in no row",
        warn=0, fail=0.01, section="books",
        query="SELECT step, group_id, requested FROM groups ORDER BY requested, step, group_id",
    )  # fmt: skip


_OWED = """
FROM (SELECT row_hash, reward, CASE
    WHEN finish_reason = 'length' AND $mask THEN NULL
    WHEN outcome = 'no_answer' THEN $no_answer ELSE score END AS owed FROM held WHERE status IS NOT NULL)
WHERE reward IS DISTINCT FROM owed AND NOT coalesce(abs(reward - owed) < 1e-6, false)
"""


def reward_policy(evidence: Evidence) -> Gate:
    if evidence.permuted or evidence.rewarding is None:
        return _policy_gate(None)
    policy = {"mask": evidence.rewarding.truncated == "mask", "no_answer": evidence.rewarding.no_answer}
    (count,) = evidence.one(f"SELECT count(*) {_OWED}", **policy)
    (of,) = evidence.one("SELECT count(*) FROM held WHERE status IS NOT NULL")
    rows = evidence.hashes(f"SELECT row_hash {_OWED} ORDER BY row_hash", **policy)
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
        warn=0, fail=0 if evidence.rewarding else None, section="reward",  # others may center otherwise
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


def staleness(evidence: Evidence) -> Gate:
    most, of = evidence.one(
        "SELECT coalesce(max(step - weight_version_min), 0), count(weight_version_min) FROM held"
    )
    rows = evidence.hashes(
        "SELECT row_hash FROM held WHERE step - weight_version_min > $ahead ORDER BY row_hash",
        ahead=evidence.ahead,
    )
    return judged(
        "staleness", "Stale rollouts", Estimate.exact(float(most), int(of)),
        f"versions by which the oldest token is behind the weights it trained; {evidence.ahead} are allowed",
        warn=evidence.ahead, fail=evidence.ahead + 1, unit="versions", section="health", rows=rows,
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
    if len(steps) == 2 and steps[0] and not evidence.ahead:
        found = Estimate.exact(max(map(max, steps)), len(steps[0]))
    return judged(
        "logprob_tail", "Engine against learner, worst tokens", found,
        "largest |log p(engine) - log p(learner)| that 1 % of a step's tokens reach: some rollouts were not "
        "sampled under the weights",
        warn=TAIL_LIMIT, fail=None, unit="nats", section="health",
    )  # fmt: skip
