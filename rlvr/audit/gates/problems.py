"""Gates on the problems trained on: are their references right, is one of them there twice or held out."""

from __future__ import annotations

from rlvr.audit.gates.base import Estimate, Evidence, Gate, judged

AGREE_ROLLOUTS = 5
AGREE_SHARE = 0.7
"""So many rollouts of a problem, and this share of all its answers, are agreement and not a common slip."""

ABLE = 0.6
"""Mean score at the end from which a domain is judged: a policy that is often wrong also agrees with itself
on what is wrong. Held-out problems tell, where there are some: wrong references lower training scores."""

_AGREED = """
FROM (
    SELECT problem_id, any_value(domain) AS domain, plain(answer) AS given, count(*) AS n,
        max(score) AS best, min(row_hash) AS row_hash,
        sum(count(*)) OVER (PARTITION BY problem_id) AS answers
    FROM held WHERE answer IS NOT NULL AND score IS NOT NULL
        AND list_contains($able, domain)
    GROUP BY problem_id, given)
WHERE n >= $rollouts AND n >= $share * answers
"""


def references(evidence: Evidence) -> Gate:
    """Of the domain that looks worst: a few hundred rows of a bad source must not drown in a large run."""
    bar = {"rollouts": AGREE_ROLLOUTS, "share": AGREE_SHARE, "able": _able(evidence)}
    counts = evidence.ledger.execute(
        f"SELECT count(*) FILTER (best = 0), count(*) {_AGREED} GROUP BY domain", bar
    ).fetchall()
    found = max((Estimate.share(*pair) for pair in counts), key=lambda one: one.low, default=None)
    return judged(
        "references", "References in doubt", found,
        "problems on whose answer most rollouts agree and whose reference says otherwise, in the domain with "
        "the most of them", warn=0.01, fail=None, section="outcomes",
        rows=evidence.hashes(f"SELECT row_hash {_AGREED} AND best = 0 ORDER BY n DESC, row_hash", **bar),
        query="@gold_suspects",
    )  # fmt: skip


def _able(evidence: Evidence) -> list[str]:
    """The domains in which the policy of the last steps is mostly right."""
    scores = dict(
        evidence.ledger.execute(
            "SELECT domain, avg(score) FROM held WHERE step >= $last AND score IS NOT NULL GROUP BY domain",
            {"last": evidence.last_step},
        ).fetchall()
    )
    evaluated = [evaluations[-1].domains for evaluations in evidence.summary.evaluations.values()]
    found = scores | {domain: score for domains in evaluated for domain, score in domains.items()}
    return sorted(domain for domain in scores if found[domain] > ABLE)


_TWICE = "FROM (SELECT any_value(id) AS id, count(DISTINCT id) AS ids FROM problems GROUP BY prompt)"


def repeats(evidence: Evidence) -> Gate:
    more, of = evidence.one(f"SELECT coalesce(sum(ids - 1), 0), coalesce(sum(ids), 0) {_TWICE}")
    return judged(
        "repeats", "Problems that repeat", Estimate.exact(more / max(of, 1), int(of)),
        "problems trained on that ask what another one asks, word for word",
        warn=0, fail=None, section="origin",
        query="SELECT prompt, list(id) AS ids FROM problems GROUP BY prompt HAVING count(DISTINCT id) > 1",
    )  # fmt: skip


def leak(evidence: Evidence) -> Gate:
    held_out = sorted(evidence.evaluated)
    [(both,)] = evidence.ledger.execute(
        "SELECT count(DISTINCT id) FROM problems WHERE list_contains($held_out, id)", {"held_out": held_out}
    ).fetchall()
    rows = evidence.hashes(
        "SELECT min(row_hash) FROM held WHERE list_contains($held_out, problem_id) "
        "GROUP BY problem_id ORDER BY problem_id",
        held_out=held_out,
    )
    return judged(
        "leak", "Held-out problems trained on", Estimate.exact(both / max(len(held_out), 1), len(held_out)),
        "held-out problems that are trained on too, by their ids: what was measured on them proves nothing",
        warn=0, fail=0.01, section="heldout", rows=rows,
    )  # fmt: skip
