"""Gates on the verdicts: could they be given, were they the same twice, were they gamed, were they slow."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from rlvr.audit.gates.base import DOMAIN_ROWS, Estimate, Evidence, Gate, judged
from rlvr.audit.gates.sampling import Cluster, weighted_share
from verifiers.bench.rates import Z_95

SILENT_STEPS = 10
"""Steps after which a silent source is no coincidence of any kind."""
SURPRISE = 4.0
"""Powers of ten: groups without any reward at the end of a run are a coincidence up to this."""

COMPARABLE_CHARS = 2_000
"""Longer answers are cut in the ledger, so that two of them may differ unseen."""
SEARCHED_ROWS = 50_000
"""Of a larger run so many responses are searched: reading them all takes longer than all else."""


def undecided(evidence: Evidence) -> Gate:
    seen = evidence.ours or evidence.summary.totals["undecided"]
    return judged(
        "undecided", "Undecided verdicts", evidence.worst_share("outcome = 'undecided'") if seen else None,
        "rollouts whose verifier could not tell, of all or of the domain that has most of them",
        warn=0.01, fail=0.05, section="outcomes",
        rows=evidence.hashes("SELECT row_hash FROM held WHERE outcome = 'undecided' ORDER BY row_hash"),
        query="@undecided_problems",
    )  # fmt: skip


def lost(evidence: Evidence) -> Gate:
    seen = evidence.ours or evidence.summary.totals["lost"]
    return judged(
        "lost", "Lost rollouts", evidence.worst_share("outcome = 'lost'") if seen else None,
        "rollouts that were never finished or never graded, of all or of the domain that has most of them",
        warn=0.01, fail=0.05, section="outcomes", query="SELECT * FROM held WHERE outcome = 'lost'",
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


_ELSEWHERE = """
FROM (SELECT row_hash, lower(regexp_replace(response, '[^\\pL\\pN]', '', 'g')) AS said,
        lower(regexp_replace(split_part(left(answer, $chars), chr(10), 1), '[^\\pL\\pN]', '', 'g')) AS taken
    FROM written WHERE answer IS NOT NULL AND response IS NOT NULL AND row_hash < $until)
WHERE taken <> ''
"""
"""The first line of an answer, letters and digits only: verifiers join fences and cut what is long."""


def answers_elsewhere(evidence: Evidence) -> Gate:
    """Verifiers take their answers from responses; one that is not there is another rollout's."""
    (rows,) = evidence.one("SELECT count(*) FROM held")
    # Hashes are evenly spread, so those below a bound are a sample that is always the same.
    until = f"{int(min(1.0, SEARCHED_ROWS / max(rows, 1)) * 0xFFFFFFFF):08x}g"
    sample = {"chars": COMPARABLE_CHARS - 1, "until": until}
    count, of = evidence.one(
        f"SELECT count(*) FILTER (NOT contains(said, taken)), count(*) {_ELSEWHERE}", **sample
    )
    return judged(
        "answers_elsewhere", "Answers not in their response", Estimate.share(int(count), int(of)),
        "graded rollouts in whose text the answer that was graded is not found: verdicts went to others",
        warn=0.002, fail=0.02, section="outcomes",
        rows=evidence.hashes(
            f"SELECT row_hash {_ELSEWHERE.rstrip()} AND NOT contains(said, taken) ORDER BY row_hash", **sample
        ),
    )  # fmt: skip


_SILENT = """
WITH ordered AS (
    SELECT data_source, step, group_id, most > 0 AS paid,
        row_number() OVER (PARTITION BY data_source ORDER BY step, group_id) AS place
    FROM groups WHERE rewarded > 0),
last_paid AS (SELECT data_source, max(place) AS place FROM ordered WHERE paid GROUP BY data_source),
silent AS (
    SELECT o.data_source, count(DISTINCT o.step) FILTER (o.place > l.place) AS steps,
        count(*) FILTER (o.place > l.place) AS unpaid,
        (count(*) FILTER (o.place <= l.place AND NOT paid) + 1) / (any_value(l.place) + 2) AS usual
    FROM ordered AS o JOIN last_paid AS l USING (data_source) GROUP BY o.data_source)
SELECT data_source, steps FROM silent WHERE -log10(usual) * unpaid > $surprise
ORDER BY steps DESC, data_source
"""


def silent_zeros(evidence: Evidence) -> Gate:
    """How many unpaid groups are too many depends on how many there were while the source was paid."""
    found = evidence.ledger.execute(_SILENT, {"surprise": SURPRISE}).fetchall()
    source, steps = found[0] if found else (None, 0)
    rows = evidence.hashes(
        "SELECT row_hash FROM held WHERE data_source = $source AND reward = 0 ORDER BY step DESC, row_hash",
        source=source,
    )
    return judged(
        "silent_zeros", "Sources gone silent", Estimate.exact(float(steps), len(evidence.summary.steps)),
        "steps at the end of the run in which a data source that was rewarded before got nothing, and would "
        f"have by chance less than once in 10^{SURPRISE:.0f} runs",
        warn=0, fail=SILENT_STEPS - 1, unit="steps", section="outcomes", rows=rows, query="@silent_zeros",
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


_DIFFERING = """
SELECT opinion, domain, count(*) AS n, coalesce(sum(weight) FILTER (score <> other_score), 0) AS differing,
    coalesce(sum(weight) FILTER (score = other_score), 0) AS alike, sum(weight ** 2) AS squares
FROM weighed GROUP BY opinion, domain, problem_id ORDER BY ALL
"""


def second_opinion(evidence: Evidence) -> Gate:
    """Each opinion by itself: one that differs must not drown in others."""
    return judged(
        "second_opinion", "Second opinions that differ",
        max(_differing(evidence), key=lambda one: one.low, default=None),
        "rollouts to which another verifier gives another score, as estimated from those graded again; of "
        "all or of the domain that has most of them",
        warn=0.005, fail=0.05, section="outcomes",
        rows=evidence.hashes(
            "SELECT DISTINCT row_hash FROM weighed WHERE score <> other_score ORDER BY row_hash"
        ),
        query="@disagreements",
    )  # fmt: skip


def _differing(evidence: Evidence) -> Iterator[Estimate]:
    """By opinion: of all rollouts, and of each domain of which enough were graded again, by problem."""
    clusters: dict[tuple[str, str | None], list[Cluster]] = defaultdict(list)
    for opinion, domain, *cluster in evidence.ledger.execute(_DIFFERING).fetchall():
        clusters[opinion, domain].append(Cluster(*cluster))
        clusters[opinion, None].append(Cluster(*cluster))
    for (_, domain), found in clusters.items():
        if domain is None or sum(cluster.n for cluster in found) >= DOMAIN_ROWS:
            yield weighted_share(found)
