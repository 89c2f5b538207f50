"""Gates on the verdicts: could they be given, were they the same twice, were they gamed, were they slow."""

from __future__ import annotations

import math

from rlvr.audit.gates.base import Estimate, Evidence, Gate, judged
from verifiers.bench.rates import Z_95

SILENT_STEPS = 5
SILENT_ROLLOUTS = 64
"""A source that was rewarded before and then is not, over this many steps and rollouts, has gone silent."""

COMPARABLE_CHARS = 2_000
"""Longer answers are cut in the ledger, so that two of them may differ unseen."""


def undecided(evidence: Evidence) -> Gate:
    counts = evidence.summary.totals
    seen = evidence.rewarding or counts["undecided"]
    return judged(
        "undecided", "Undecided verdicts",
        Estimate.share(counts["undecided"], counts.total()) if seen else None,
        "rollouts whose verifier could not tell", warn=0.02, fail=0.05, section="outcomes",
        rows=evidence.hashes("SELECT row_hash FROM held WHERE outcome = 'undecided' ORDER BY row_hash"),
        query="@undecided_problems",
    )  # fmt: skip


def lost(evidence: Evidence) -> Gate:
    counts = evidence.summary.totals
    seen = evidence.rewarding or counts["lost"]
    return judged(
        "lost", "Lost rollouts", Estimate.share(counts["lost"], counts.total()) if seen else None,
        "rollouts that were never finished or never graded", warn=0.02, fail=0.05, section="outcomes",
        query="SELECT * FROM held WHERE outcome = 'lost'",
    )  # fmt: skip


_REPEATED = """
FROM (SELECT count(DISTINCT score) AS scores, count(*) AS n, min_by(row_hash, score) AS low_row,
        max_by(row_hash, score) AS high_row
    FROM held WHERE answer IS NOT NULL AND score IS NOT NULL AND length(answer) < $chars
    GROUP BY verifier, verifier_digest, problem_id, answer HAVING count(*) > 1)
"""


def flaky(evidence: Evidence) -> Gate:
    count, of = evidence.one(
        f"SELECT count(*) FILTER (scores > 1), count(*) {_REPEATED}", chars=COMPARABLE_CHARS
    )
    rows = evidence.hashes(
        f"SELECT unnest([low_row, high_row]) {_REPEATED.rstrip()} WHERE scores > 1 ORDER BY n DESC, low_row",
        chars=COMPARABLE_CHARS,
    )
    return judged(
        "flaky", "Verdicts that change", Estimate.share(int(count), int(of)),
        "answers given more than once to one problem that were scored differently",
        warn=0.0, fail=0.002, section="outcomes", rows=rows, query="@flaky_verdicts",
    )  # fmt: skip


_SILENT = """
WITH by_step AS (
    SELECT data_source, step, sum(reward) AS got, count(reward) AS n FROM held
    WHERE reward IS NOT NULL GROUP BY data_source, step),
last_paid AS (SELECT data_source, max(step) AS step FROM by_step WHERE got > 0 GROUP BY data_source)
SELECT b.data_source, count(*) AS steps, sum(b.n) AS rollouts FROM by_step AS b
JOIN last_paid AS l ON l.data_source = b.data_source AND b.step > l.step
GROUP BY b.data_source HAVING sum(b.n) >= $rollouts ORDER BY steps DESC
"""


def silent_zeros(evidence: Evidence) -> Gate:
    found = evidence.ledger.execute(_SILENT, {"rollouts": SILENT_ROLLOUTS}).fetchall()
    steps, source = (found[0][1], found[0][0]) if found else (0, None)
    rows = evidence.hashes(
        "SELECT row_hash FROM held WHERE data_source = $source AND reward = 0 ORDER BY step DESC, row_hash",
        source=source,
    )
    return judged(
        "silent_zeros", "Sources gone silent", Estimate.exact(float(steps), len(evidence.summary.steps)),
        "steps at the end of the run in which a data source that was rewarded before got nothing",
        warn=SILENT_STEPS - 1, fail=2 * SILENT_STEPS - 1, unit="steps", section="outcomes",
        rows=rows if steps >= SILENT_STEPS else (), query="@silent_zeros",
    )  # fmt: skip


def graders(evidence: Evidence) -> Gate:
    most, verifiers = evidence.one(
        "SELECT coalesce(max(n), 0), count(*) FROM "
        "(SELECT count(*) AS n FROM graders WHERE verifier_digest IS NOT NULL GROUP BY verifier)"
    )
    return judged(
        "graders", "Versions of a verifier", Estimate.exact(most, int(verifiers)),
        "digests under which one verifier graded this run: rewards before and after a change do not compare",
        warn=1, fail=None, unit="digests", section="origin", query="SELECT * FROM graders",
    )  # fmt: skip


def latency(evidence: Evidence) -> Gate:
    [(n,)] = evidence.ledger.execute("SELECT count(elapsed_ms) FROM held").fetchall()
    margin = Z_95 * math.sqrt(0.99 * 0.01 / n) if n else 0.0
    shares = [max(0.0, 0.99 - margin), 0.99, min(1.0, 0.99 + margin)]
    low, value, high = evidence.one(
        "SELECT coalesce(q[1], 0), coalesce(q[2], 0), coalesce(q[3], 0) "
        f"FROM (SELECT quantile_cont(elapsed_ms, {shares}) AS q FROM held)"
    )
    rows = evidence.hashes(
        "SELECT row_hash FROM held WHERE elapsed_ms IS NOT NULL ORDER BY elapsed_ms DESC, row_hash"
    )
    return judged(
        "latency", "Slow verdicts", Estimate(value / 1e3, low / 1e3, high / 1e3, n),
        "seconds within which 99 of 100 verdicts were given; slow ones turn into undecided ones",
        warn=5.0, fail=15.0, unit="s", section="time", rows=rows, query="@slow_verdicts",
    )  # fmt: skip


def exploits(evidence: Evidence) -> Gate:
    hits, of = evidence.one(
        "SELECT (SELECT count(DISTINCT row_hash) FROM exploits), count(*) FROM held "
        "WHERE score > 0 AND detectors IS NOT NULL"
    )
    return judged(
        "exploits", "Known tricks, rewarded", Estimate.share(int(hits), int(of)),
        "rewarded rollouts in whose text a known trick was found", warn=0.002, fail=0.02, section="outcomes",
        rows=evidence.hashes("SELECT DISTINCT row_hash FROM exploits ORDER BY row_hash"),
        query="@exploit_hits",
    )  # fmt: skip


def second_opinion(evidence: Evidence) -> Gate:
    differ = "outcome <> other_outcome"
    decided = "score IS NOT NULL AND other_score IS NOT NULL"
    count, of = evidence.one(f"SELECT count(*) FILTER ({differ}), count(*) FROM opinions WHERE {decided}")
    return judged(
        "second_opinion", "Second opinions that differ", Estimate.share(int(count), int(of)),
        "rollouts graded again by another verifier that found another outcome",
        warn=0.01, fail=0.05, section="outcomes",
        rows=evidence.hashes(
            f"SELECT DISTINCT row_hash FROM opinions WHERE {decided} AND {differ} ORDER BY row_hash"
        ),
        query="@disagreements",
    )  # fmt: skip
