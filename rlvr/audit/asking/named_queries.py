"""The named queries of `rlvr audit sql RUN @name`: questions that hunts for reward bugs begin with.

A query may take one whole number, written `@name(20)`; it stands for `$n` and has a default.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """What it answers, its SQL, and the number it takes where the SQL says `$n`."""

    about: str
    sql: str
    n: int | None = None


NAMED_QUERIES: dict[str, NamedQuery] = {
    "silent_zeros": NamedQuery(
        "data sources whose reward was exactly 0 for n steps in a row", n=3,
        sql="""
        WITH by_step AS (
            SELECT data_source, step, max(reward) AS best, count(reward) AS n FROM held
            WHERE reward IS NOT NULL GROUP BY ALL),
        runs AS (
            SELECT *, row_number() OVER (PARTITION BY data_source ORDER BY step)
                - row_number() OVER (PARTITION BY data_source, best = 0 ORDER BY step) AS stretch
            FROM by_step)
        SELECT data_source, min(step) AS first_step, max(step) AS last_step, count(*) AS steps,
            sum(n)::BIGINT AS rollouts
        FROM runs WHERE best = 0 GROUP BY data_source, stretch HAVING count(*) >= $n ORDER BY steps DESC""",
    ),
    "disagreements": NamedQuery(
        "confusion of the verdicts used and each second opinion, by reason",
        """SELECT opinion, domain, outcome, other_outcome, reason, other_reason, count(*) AS n FROM opinions
        WHERE outcome <> other_outcome GROUP BY ALL ORDER BY n DESC, opinion, domain, reason""",
    ),
    "fn_candidates": NamedQuery(
        "rows scored wrong that a second opinion, or plain text comparison, finds right",
        r"""SELECT 'opinion ' || opinion AS found_by, step, rollout_id, domain, answer, reason, row_hash
        FROM opinions WHERE outcome IN ('wrong', 'no_answer') AND other_outcome = 'right'
        UNION ALL
        SELECT 'same text', step, rollout_id, h.domain, answer, reason, row_hash
        FROM held AS h JOIN problems AS p ON p.id = h.problem_id
        WHERE outcome = 'wrong' AND json_type(ground_truth) IN ('VARCHAR', 'UBIGINT', 'BIGINT', 'DOUBLE')
            AND plain(answer) = plain(ground_truth ->> '$') AND plain(answer) <> ''
        ORDER BY step, rollout_id""",
    ),
    "fp_candidates": NamedQuery(
        "rows scored right that a second opinion finds wrong, or that hold a known trick",
        """SELECT 'opinion ' || opinion AS found_by, step, rollout_id, domain, answer, reason, row_hash
        FROM opinions WHERE outcome = 'right' AND other_outcome IN ('wrong', 'no_answer')
        UNION ALL
        SELECT detector, step, rollout_id, domain, answer, reason, row_hash FROM exploits
        ORDER BY step, rollout_id""",
    ),
    "mixed_groups_flipped": NamedQuery(
        "groups in which a second opinion turns the sign of an advantage",
        """SELECT opinion, step, group_id, any_value(domain) AS domain,
            count(*) FILTER (sign_was * sign_other < 0) AS reversed,
            count(*) FILTER (sign_was <> sign_other) AS changed, count(*) AS rollouts,
            sum(completion_tokens) FILTER (sign_was * sign_other < 0) AS tokens_pushed_wrong
        FROM impact GROUP BY opinion, step, attempt, group_id HAVING changed > 0
        ORDER BY reversed DESC, changed DESC, step, group_id""",
    ),
    "answer_concentration": NamedQuery(
        "answers that many different problems got, and how often they were rewarded",
        """SELECT domain, answer, count(DISTINCT problem_id) AS problems, count(*) AS n,
            count(*) / sum(count(*)) OVER (PARTITION BY domain) AS share, avg(reward) AS mean_reward
        FROM held WHERE answer IS NOT NULL GROUP BY domain, answer
        ORDER BY share DESC, domain, answer LIMIT 50""",
    ),
    "gold_suspects": NamedQuery(
        "problems where at least n rollouts agree on one answer that is scored wrong; opinions_agree: second "
        "opinions that find it wrong too, so that the reference is to blame and not the verifier", n=4,
        sql="""
        WITH counted AS (
            SELECT problem_id, plain(answer) AS given, mode(answer) AS answer, count(*) AS n,
                max(score) AS best, count(DISTINCT step) AS steps,
                sum(count(*)) OVER (PARTITION BY problem_id) AS total
            FROM held WHERE answer IS NOT NULL AND score IS NOT NULL GROUP BY problem_id, given),
        seconds AS (
            SELECT problem_id, plain(answer) AS given, count(*) AS opinions,
                count(*) FILTER (other_outcome <> 'right') AS opinions_agree
            FROM opinions WHERE other_score IS NOT NULL GROUP BY ALL)
        SELECT problem_id, answer, n AS agree, total::BIGINT AS total, n / total AS share, steps,
            coalesce(opinions, 0) AS opinions, coalesce(opinions_agree, 0) AS opinions_agree, (
            SELECT any_value(ground_truth) FROM problems WHERE id = problem_id) AS reference
        FROM counted LEFT JOIN seconds USING (problem_id, given)
        WHERE best = 0 AND n >= $n AND n / total > 0.5 ORDER BY agree DESC, problem_id""",
    ),
    "length_bias": NamedQuery(
        "correlation of reward and length, overall and within groups, by domain",
        """WITH centred AS (
            SELECT domain, reward, completion_tokens AS tokens,
                reward - avg(reward) OVER one AS reward_in_group,
                completion_tokens - avg(completion_tokens) OVER one AS tokens_in_group
            FROM held WHERE reward IS NOT NULL WINDOW one AS (PARTITION BY step, attempt, group_id))
        SELECT domain, count(*) AS n, corr(reward, tokens) AS overall,
            corr(reward_in_group, tokens_in_group) AS within_group,
            avg(tokens) FILTER (reward > 0) AS tokens_rewarded, avg(tokens) FILTER (reward <= 0) AS tokens_not
        FROM centred GROUP BY domain ORDER BY domain""",
    ),
    "slow_verdicts": NamedQuery(
        "the n slowest verdicts", n=50,
        sql="""SELECT elapsed_ms, verifier, outcome, reason, step, rollout_id, problem_id, answer FROM held
        WHERE elapsed_ms IS NOT NULL ORDER BY elapsed_ms DESC, row_hash LIMIT $n""",
    ),
    "exploit_hits": NamedQuery(
        "rewarded rows with a known trick, by detector and domain",
        """SELECT detector, domain, count(*) AS n, min(step) AS first_step, max(step) AS last_step,
            min(row_hash) AS example FROM exploits GROUP BY ALL ORDER BY n DESC, detector, domain""",
    ),
    "detectors": NamedQuery(
        "hack detectors: rows hit, those rewarded, and how far each can be trusted on labelled cases",
        """SELECT coalesce(d.detector, h.detector) AS detector, d.about, count(row_hash) AS rows,
            count(row_hash) FILTER (score > 0) AS rewarded, d.precision, d.precision_low, d.precision_high,
            d.recall, d.labelled_hacks, d.counted
        FROM detectors AS d FULL JOIN detections AS h USING (detector)
        WHERE EXISTS (SELECT 1 FROM held WHERE detectors IS NOT NULL)
        GROUP BY ALL ORDER BY rewarded DESC, rows DESC, detector""",
    ),
    "flaky_verdicts": NamedQuery(
        "the same answer to the same problem, scored differently",
        """SELECT verifier, problem_id, answer, list(DISTINCT outcome ORDER BY outcome) AS outcomes,
            list(DISTINCT verifier_digest ORDER BY verifier_digest) AS digests, count(*) AS n
        FROM held WHERE answer IS NOT NULL AND score IS NOT NULL
        GROUP BY verifier, problem_id, answer HAVING count(DISTINCT score) > 1
        ORDER BY n DESC, problem_id, answer""",
    ),
    "undecided_problems": NamedQuery(
        "problems by how often no verdict could be given",
        """SELECT problem_id, domain, count(*) AS n, count(*) FILTER (outcome = 'undecided') AS undecided,
            mode(reason) FILTER (outcome = 'undecided') AS reason
        FROM held GROUP BY ALL HAVING undecided > 0 ORDER BY undecided DESC, problem_id""",
    ),
    "status_by_verifier": NamedQuery(
        "outcomes of each verifier and data source over the whole run, with 95 % intervals",
        """WITH counted AS (
            SELECT verifier, data_source, outcome, sum(n)::BIGINT AS n FROM status_ledger GROUP BY ALL),
        totals AS (SELECT *, sum(n) OVER (PARTITION BY data_source) AS of FROM counted)
        SELECT verifier, data_source, outcome, n, n / of AS share, wilson_low(n, of) AS low,
            wilson_high(n, of) AS high FROM totals ORDER BY ALL""",
    ),
    "first_seen_pattern": NamedQuery(
        "openings of responses by the step in which they were first rewarded, those of n or more rows", n=8,
        sql=r"""SELECT first_step, domain, opening, rewarded, problems FROM (
            SELECT domain, array_to_string(string_split_regex(trim(response), '\s+')[1:5], ' ') AS opening,
                min(step) AS first_step, count(*) AS rewarded, count(DISTINCT problem_id) AS problems
            FROM held WHERE score > 0 GROUP BY domain, opening)
        WHERE rewarded >= $n ORDER BY first_step DESC, rewarded DESC, opening LIMIT 100""",
    ),
    "new_since": NamedQuery(
        "answers first rewarded in step n or later, over more than one problem", n=0,
        sql="""SELECT domain, answer, min(step) AS first_step, count(*) AS rewarded,
            count(DISTINCT problem_id) AS problems
        FROM held WHERE score > 0 AND answer IS NOT NULL GROUP BY domain, answer
        HAVING first_step >= $n AND problems > 1 ORDER BY rewarded DESC, domain, answer LIMIT 100""",
    ),
}  # fmt: skip
