"""A few rollouts to read: of each domain and outcome, some of the first and some of the last steps.

    open ledger + domains --pick_samples--> {domain: {outcome: [Exhibit, ...]}}
    open ledger + rows --pick_groups--> {row hash: that row and its siblings}

The ledger may be one without texts: those of the few rows picked are read from their files.

Which ones is decided by the rows' hashes, not by anyone's taste. Texts are as the model wrote them:
hostile; whoever shows them makes them inert.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from rlvr.audit.asking.query import read_texts

PER_EDGE = 2
"""Samples of one domain and outcome at either end of the run."""

_COLUMNS = """domain, outcome, step, attempt, rollout_id, row_hash, answer, reference,
    coalesce(reason, ''), reward, advantage, coalesce(completion_tokens, 0), finish_reason, asked.verifier,
    messages, extra"""

_ASKED = """asked AS (
    SELECT id, any_value(ground_truth) AS reference, any_value(verifier) AS verifier,
        any_value(prompt) AS messages, any_value(extra) AS extra
    FROM problems GROUP BY id)"""

_PICKED = f"""
WITH one_per_group AS (
    SELECT domain, outcome, step, min(row_hash) AS row_hash FROM held
    WHERE outcome <> 'lost' AND domain IN (SELECT unnest($domains)) GROUP BY domain, outcome, step, group_id),
ranked AS (
    SELECT row_hash,
        row_number() OVER (PARTITION BY domain, outcome ORDER BY step, row_hash) AS early,
        row_number() OVER (PARTITION BY domain, outcome ORDER BY step DESC, row_hash) AS late
    FROM one_per_group),
{_ASKED}
SELECT {_COLUMNS} FROM held LEFT JOIN asked ON id = problem_id
WHERE row_hash IN (SELECT row_hash FROM ranked WHERE early <= $edge OR late <= $edge)
ORDER BY domain, outcome, step, row_hash
"""

MAX_SIBLINGS = 8

_GROUPS = f"""
WITH wanted AS (
    SELECT step, attempt, group_id, row_hash AS wanted FROM held WHERE row_hash IN (SELECT unnest($rows))),
{_ASKED}
SELECT wanted, {_COLUMNS} FROM held JOIN wanted USING (step, attempt, group_id)
LEFT JOIN asked ON id = problem_id
QUALIFY row_number() OVER (PARTITION BY wanted ORDER BY row_hash <> wanted, rollout_id) <= $most
ORDER BY wanted, row_hash <> wanted, rollout_id
"""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One rollout to show; the fields are the ledger's columns and the problem's.

    Reference, messages and extra are JSON; they and the verifier are None if the problem was not kept.
    """

    domain: str
    outcome: str
    step: int
    attempt: int
    rollout_id: str
    row_hash: str
    answer: str | None
    reference: str | None
    reason: str
    reward: float | None
    advantage: float | None
    completion_tokens: int
    finish_reason: str | None
    verifier: str | None
    messages: str | None
    extra: str | None
    prompt: str
    response: str


def pick_samples(
    ledger: duckdb.DuckDBPyConnection, run_dir: Path, domains: Sequence[str]
) -> dict[str, dict[str, list[Exhibit]]]:
    """Samples of the given domains by domain and outcome, in order of steps, of different groups."""
    rows = ledger.execute(_PICKED, {"edge": PER_EDGE, "domains": list(domains)}).fetchall()
    picked: dict[str, dict[str, list[Exhibit]]] = {}
    for sample in _exhibits(run_dir, rows):
        picked.setdefault(sample.domain, {}).setdefault(sample.outcome, []).append(sample)
    return picked


def pick_groups(
    ledger: duckdb.DuckDBPyConnection, run_dir: Path, rows: Iterable[str]
) -> dict[str, list[Exhibit]]:
    """Each row with up to `MAX_SIBLINGS - 1` others of its group, the row itself first."""
    found = ledger.execute(_GROUPS, {"rows": sorted(rows), "most": MAX_SIBLINGS}).fetchall()
    picked: dict[str, list[Exhibit]] = {}
    for (wanted, *_), exhibit in zip(found, _exhibits(run_dir, [row[1:] for row in found]), strict=True):
        picked.setdefault(wanted, []).append(exhibit)
    return picked


def _exhibits(run_dir: Path, rows: Sequence[tuple[Any, ...]]) -> Iterator[Exhibit]:
    """Rows of `_COLUMNS` with their texts."""
    texts = read_texts(run_dir, ((row[2], row[3], row[5]) for row in rows))
    for row in rows:
        prompt, response = texts[row[5]]
        yield Exhibit(*(*row, prompt, response or ""))
