"""Gates on how the run went: is a rising reward real, and did lengths or answers drift to one place."""

from __future__ import annotations

import math

from rlvr.audit.gates.base import Estimate, Evidence, Gate, judged

CONCENTRATED_PROBLEMS = 5
"""An answer is a habit only if this many different problems got it."""


def collapse(evidence: Evidence) -> Gate:
    moved = evidence.reward
    found = None
    if moved is not None and moved.change_margin is not None:
        found = Estimate.within(-moved.change, moved.change_margin, len(evidence.summary.steps))
    return judged(
        "collapse", "Reward lost", found, "mean reward at the start of the run less that at its end",
        warn=0.03, fail=0.1, unit="reward", section="reward",
    )  # fmt: skip


def exploit_gap(evidence: Evidence) -> Gate:
    moved = evidence.reward
    found = None
    if moved is not None and moved.change_margin is not None and evidence.held_out:
        held = evidence.held_out[0]
        margin = math.hypot(moved.change_margin, held.change_margin or 0.0)
        found = Estimate.within(moved.change - held.change, margin, len(evidence.summary.steps))
    return judged(
        "exploit_gap", "Reward gain not seen held out", found,
        "rise of the mean reward less the rise of pass@1 on held-out problems",
        warn=0.1, fail=0.2, unit="reward", section="heldout",
    )  # fmt: skip


def length_drift(evidence: Evidence) -> Gate:
    """Doublings of the mean completion length, in either direction."""
    rows = evidence.ledger.execute(
        "SELECT step, avg(completion_tokens) FROM held WHERE completion_tokens > 0 "
        "GROUP BY step ORDER BY step"
    ).fetchall()
    logs = [math.log2(mean) for _, mean in rows]
    found = None
    if len(logs) >= 4:
        found = _distance(Estimate.change(logs, evidence.edge))
    rows_last = evidence.hashes(
        "SELECT row_hash FROM held WHERE step >= $last AND completion_tokens IS NOT NULL "
        "ORDER BY completion_tokens DESC, row_hash",
        last=evidence.last_step,
    )
    return judged(
        "length_drift", "Length drift", found,
        "times the mean length of a completion doubled or halved from the first steps to the last",
        warn=1.5, fail=3.0, unit="doublings", section="health", rows=rows_last, query="@length_bias",
    )  # fmt: skip


_HABIT = """
WITH wanted AS (SELECT id, plain(any_value(ground_truth ->> '$')) AS reference FROM problems GROUP BY id),
ends AS (
    SELECT h.*, reference, step >= $last AS late FROM held AS h LEFT JOIN wanted ON id = problem_id
    WHERE step >= $last OR step <= $first),
totals AS (
    SELECT domain, count(*) FILTER (late) AS late_n, count(*) FILTER (NOT late) AS early_n
    FROM ends GROUP BY domain),
shares AS (
    SELECT domain, answer, count(*) FILTER (late) AS late_k, count(*) FILTER (NOT late) AS early_k,
        count(DISTINCT problem_id) FILTER (late) AS problems, min(row_hash) FILTER (late) AS row_hash
    FROM ends WHERE answer IS NOT NULL GROUP BY domain, answer),
owed AS (SELECT domain, reference, count(*) AS k FROM ends WHERE late GROUP BY domain, reference)
SELECT late_k / late_n AS late_share,
    greatest(coalesce(early_k / nullif(early_n, 0), 0), coalesce(owed.k / late_n, 0)) AS usual, late_n,
    coalesce(early_n, 0), row_hash
FROM shares JOIN totals USING (domain)
LEFT JOIN owed ON owed.domain = shares.domain AND owed.reference = plain(shares.answer)
WHERE problems >= $problems ORDER BY late_share - usual DESC, row_hash LIMIT 1
"""


def answer_concentration(evidence: Evidence) -> Gate:
    """The growth of one answer's share in its domain, beyond how often it is the reference."""
    found: Estimate | None = None
    rows: tuple[str, ...] = ()
    (answers,) = evidence.one("SELECT count(answer) FROM held")
    if answers and len(evidence.summary.steps) >= 4:
        row = evidence.ledger.execute(
            _HABIT,
            {"first": evidence.first_step, "last": evidence.last_step, "problems": CONCENTRATED_PROBLEMS},
        ).fetchone()
        if row is None:
            found = Estimate.exact(0.0, len(evidence.summary.steps))
        else:
            late, usual, late_n, early_n, row_hash = row
            variance = late * (1 - late) / late_n + usual * (1 - usual) / (early_n or late_n)
            found, rows = Estimate.normal(late - usual, math.sqrt(variance), late_n), (row_hash,)
    return judged(
        "answer_concentration", "One answer for many problems", found,
        "growth of the share of a domain's rollouts that give one and the same answer",
        warn=0.08, fail=0.3, section="samples", rows=rows, query="@answer_concentration",
    )  # fmt: skip


def truncation(evidence: Evidence) -> Gate:
    cut, of = evidence.one(
        "SELECT count(*) FILTER (finish_reason = 'length'), count(finish_reason) FROM held "
        "WHERE step >= $last",
        last=evidence.last_step,
    )
    return judged(
        "truncation", "Completions cut", Estimate.share(int(cut), int(of)),
        f"completions of the last {evidence.edge} steps that were cut at max_new_tokens",
        warn=0.2, fail=0.5, section="health",
        rows=evidence.hashes("SELECT row_hash FROM held WHERE finish_reason = 'length' ORDER BY row_hash"),
    )  # fmt: skip


def _distance(change: Estimate) -> Estimate:
    """How far from zero, whichever the direction."""
    if change.value < 0:
        change = Estimate(-change.value, -change.high, -change.low, change.n)
    return Estimate(change.value, max(0.0, change.low), change.high, change.n)
