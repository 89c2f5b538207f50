"""The views that queries, gates and reports read, as SQL.

written, rollouts, problems, verdicts, detectors  (made by `query.py`)

held          the rows that made the final model, with `outcome`; steps a resume repeated are left out
groups        one row per group: rewards, whether they are all equal, tokens, staleness
books         attempt, fate, rows: requested = used + dropped by reason
graders       which verifier, version and digest gave how many verdicts in which steps
status_ledger verifier x data source x step x outcome, with 95 % intervals and latencies
opinions      held rows that were graded again, with both verdicts
weighed       those in which both gave a score, with `weight`: how many held rows of the same verifier, domain
              and outcome each stands for, since few of a frequent outcome may have been drawn
impact        opinions with both advantages' signs: what the other verdict would have taught
detections    detector x row for each row in which a detector hit, rewarded or not
exploits      those rewarded, of the detectors that the gate counts
"""

from __future__ import annotations

MACROS = """
CREATE MACRO wilson_centre(k, n) AS (k / n + 1.920729 / n) / (1 + 3.841459 / n);
CREATE MACRO wilson_half(k, n) AS
    1.959964 / (1 + 3.841459 / n) * sqrt(k / n * (1 - k / n) / n + 0.960365 / n / n);
CREATE MACRO wilson_low(k, n) AS CASE WHEN k = 0 THEN 0 ELSE wilson_centre(k, n) - wilson_half(k, n) END;
CREATE MACRO wilson_high(k, n) AS CASE WHEN k = n THEN 1 ELSE wilson_centre(k, n) + wilson_half(k, n) END;
CREATE MACRO outcome_of(status, score) AS CASE
    WHEN status IS NULL THEN 'lost'
    WHEN status <> 'graded' THEN status
    WHEN score >= 1 THEN 'right'
    WHEN score <= 0 THEN 'wrong'
    ELSE 'partly' END;
CREATE MACRO side_of(x) AS CASE WHEN x > 1e-9 THEN 1 WHEN x < -1e-9 THEN -1 ELSE 0 END;
CREATE MACRO plain(answer) AS
    regexp_replace(lower(answer), '\\s|\\\\[,;! ]|[${},]|\\\\(text|mathrm|left|right)|\\.$', '', 'g');
"""

_ENDS = """
CREATE TABLE ends AS
WITH starts AS (SELECT attempt, min(step) AS first_step FROM rollouts GROUP BY attempt)
SELECT attempt, coalesce((SELECT min(first_step) FROM starts AS later WHERE later.attempt > starts.attempt),
    2147483647) AS end_step
FROM starts
"""
"""The first step of each attempt that a later one took again."""

_HELD = """
CREATE VIEW held AS
SELECT rollouts.*, outcome_of(status, score) AS outcome FROM rollouts JOIN ends USING (attempt)
WHERE step < end_step
"""

_GROUPS = """
CREATE VIEW groups AS
SELECT step, attempt, group_id, any_value(problem_id) AS problem_id, any_value(domain) AS domain,
    any_value(data_source) AS data_source, count(*) AS requested, count(reward) AS rewarded,
    avg(reward) AS mean_reward, min(reward) AS least, max(reward) AS most,
    coalesce(min(reward) = max(reward), true) AS flat,
    sum(completion_tokens) AS tokens, max(step - weight_version_min) AS staleness
FROM held GROUP BY step, attempt, group_id
"""

_BOOKS = """
CREATE VIEW books AS
SELECT attempt, CASE WHEN used THEN 'used' ELSE dropped_reason END AS fate, count(*) AS n
FROM rollouts GROUP BY ALL ORDER BY ALL
"""

_GRADERS = """
CREATE VIEW graders AS
SELECT verifier, verifier_version, verifier_digest, min(step) AS first_step, max(step) AS last_step,
    count(*) AS verdicts
FROM held WHERE verifier IS NOT NULL GROUP BY ALL ORDER BY ALL
"""

_STATUS_LEDGER = """
CREATE VIEW status_ledger AS
WITH counted AS (
    SELECT coalesce(verifier, '') AS verifier, data_source, step, outcome, count(*) AS n,
        quantile_cont(elapsed_ms, 0.5) AS p50_ms, quantile_cont(elapsed_ms, 0.95) AS p95_ms,
        quantile_cont(elapsed_ms, 0.99) AS p99_ms
    FROM held GROUP BY ALL),
totals AS (SELECT *, sum(n) OVER (PARTITION BY data_source, step) AS of FROM counted)
SELECT *, n / of AS share, wilson_low(n, of) AS low, wilson_high(n, of) AS high FROM totals
"""

_OPINIONS = """
CREATE VIEW opinions AS
SELECT v.opinion, h.*, v.verifier AS other_verifier, v.verifier_version AS other_version,
    v.verifier_digest AS other_digest, v.status AS other_status, v.score AS other_score,
    v.answer AS other_answer, v.reason AS other_reason, v.evidence AS other_evidence,
    v.elapsed_ms AS other_elapsed_ms, outcome_of(v.status, v.score) AS other_outcome
FROM verdicts AS v JOIN held AS h USING (row_hash)
"""

_WEIGHED = """
CREATE VIEW weighed AS
WITH population AS (
    SELECT verifier, domain, outcome, count(*) AS n FROM held WHERE score IS NOT NULL GROUP BY ALL)
SELECT o.*, n / count(*) OVER (PARTITION BY opinion, verifier, domain, outcome) AS weight
FROM opinions AS o JOIN population USING (verifier, domain, outcome)
WHERE score IS NOT NULL AND other_score IS NOT NULL
"""

_IMPACT = """
CREATE VIEW impact AS
WITH asked AS (SELECT DISTINCT opinion, step, attempt, group_id FROM opinions),
paired AS (
    SELECT a.opinion, h.step, h.attempt, h.group_id, h.row_hash, advantage, reward,
        CASE WHEN v.score IS NULL OR outcome_of(v.status, v.score) = outcome THEN reward ELSE v.score END
            AS other_reward
    FROM asked AS a JOIN held AS h USING (step, attempt, group_id)
    LEFT JOIN verdicts AS v ON v.opinion = a.opinion AND v.row_hash = h.row_hash),
signed AS (
    SELECT opinion, row_hash, side_of(coalesce(advantage, reward - avg(reward) OVER one)) AS sign_was,
        side_of(other_reward - avg(other_reward) OVER one) AS sign_other
    FROM paired WINDOW one AS (PARTITION BY opinion, step, attempt, group_id))
SELECT o.*, sign_was, sign_other FROM opinions AS o JOIN signed USING (opinion, row_hash)
WHERE score IS NOT NULL AND other_score IS NOT NULL
"""
"""A rollout of the group that was not graded again, or to the same outcome, keeps its reward."""

_DETECTIONS = """
CREATE VIEW detections AS SELECT unnest(detectors) AS detector, * FROM held WHERE len(detectors) > 0
"""

_EXPLOITS = """
CREATE VIEW exploits AS
SELECT * FROM detections WHERE score > 0 AND detector IN (SELECT detector FROM detectors WHERE counted)
"""

VIEWS = (
    MACROS, _ENDS, _HELD, _GROUPS, _BOOKS, _GRADERS, _STATUS_LEDGER, _OPINIONS, _WEIGHED, _IMPACT,
    _DETECTIONS, _EXPLOITS,
)  # fmt: skip
"""In the order in which they are made."""
