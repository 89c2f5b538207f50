"""Grade stored rollouts again, with another verifier or other options; never used for rewards.

    run directory + SecondVerifier --grade_again--> verdicts/<name>/part-NNNNNN.parquet

A part is written whole or not at all and every row is graded once, so that a stopped regrade goes on where
it was. What follows from the verdicts is said by `whatif.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from rlvr.audit.opinions import OPINION_SCHEMA, VERDICTS_FOLDER, opinion_files
from rlvr.audit.query import open_ledger
from rlvr.audit.rows import storable
from rlvr.audit.schema import Row, canonical_json
from rlvr.audit.storage import parquet_bytes, write_whole
from rlvr.errors import ConfigError, LedgerError
from verifiers import LocalVerifierClient, Verdict, VerifierClient, VerifierError, VerifierUnavailableError
from verifiers import VerifyRequest as Request
from verifiers.errors import error_kind
from verifiers.registry import VERIFIERS, load_verifier

PART_ROWS = 2_000

DEADLINE_S = 1_800.0
"""For one part."""


@dataclass(frozen=True, slots=True)
class SecondVerifier:
    """Who grades again: a verifier, where it runs, and what its requests say besides the problem."""

    spec: str
    """As the person wrote it."""
    verifier: str
    """A name, or a third party's `pkg.module:Class`."""
    url: str | None = None
    """None: in child processes here."""
    options: dict[str, JsonValue] = field(default_factory=dict)
    """Take the place of the problem's `extra` of the same name, such as `time_limit_s`."""

    @property
    def opinion(self) -> str:
        """The folder of its verdicts."""
        return re.sub(r"[^A-Za-z0-9._=-]+", "_", self.spec).strip("._") or "opinion"

    @property
    def grades(self) -> str:
        """The verifier whose rows it is asked about."""
        return load_verifier(self.verifier).name if ":" in self.verifier else self.verifier


def parse_second_verifier(spec: str) -> SecondVerifier:
    """Read `NAME`, `NAME@http://host:port` or `NAME@option=value,option=value`; values are JSON or text.

    Raises:
        ConfigError: it is none of these.
    """
    verifier, at, rest = spec.partition("@")
    if ":" not in verifier and verifier not in VERIFIERS:
        raise ConfigError(f"no verifier {verifier!r}; have {', '.join(VERIFIERS)}, or give pkg.module:Class")
    if rest.startswith(("http://", "https://")):
        return SecondVerifier(spec, verifier, url=rest)
    pairs = [pair.partition("=") for pair in rest.split(",")] if at else []
    if not all(name and equals for name, equals, _ in pairs):
        raise ConfigError(f"{spec!r}: after the @ comes a URL, or option=value,option=value")
    return SecondVerifier(spec, verifier, options={name: _value(text) for name, _, text in pairs})


def _value(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value


async def grade_again(
    run_dir: Path, second: SecondVerifier, *, workers: int, said: Callable[[str], None]
) -> int:
    """Grade every held row of the verifier that was not graded yet; returns how many were left ungraded.

    Raises:
        LedgerError: the books cannot be read or written, no row is of this verifier, or the stored opinions
            are of another digest.
        VerifierUnavailableError: the service gave no answer at all.
    """
    rows = _rows_to_grade(run_dir, second)
    number, left = len(opinion_files(run_dir, second.opinion)), 0
    async with _client(second, workers) as client:
        await _check_digest(run_dir, second, client)
        for start in range(0, len(rows), PART_ROWS):
            part = rows[start : start + PART_ROWS]
            found = await _grade(client, second, part)
            left += len(part) - len(found)
            file = VERDICTS_FOLDER / second.opinion / f"part-{number + start // PART_ROWS:06d}.parquet"
            write_whole(run_dir / file, parquet_bytes(found, OPINION_SCHEMA))
            said(f"{start + len(part)} of {len(rows)} rows")
    return left


class _Client(Protocol):
    async def verify_batch(self, requests: Sequence[Request]) -> list[Verdict | VerifierError]: ...


@asynccontextmanager
async def _client(second: SecondVerifier, workers: int) -> AsyncIterator[_Client]:
    if second.url is not None:
        async with VerifierClient(second.url, deadline_s=DEADLINE_S) as remote:
            yield remote
    else:
        table = {second.verifier: VERIFIERS.get(second.verifier, second.verifier)}
        async with LocalVerifierClient(table, workers=workers, deadline_s=DEADLINE_S) as local:
            yield local


_ROWS = """
WITH asked AS (
    SELECT id, any_value(ground_truth) AS ground_truth, any_value(extra) AS extra,
        any_value(prompt) AS messages FROM problems GROUP BY id)
SELECT row_hash, response, ground_truth, extra, messages
FROM held JOIN asked ON id = problem_id
WHERE verifier = $verifier AND response IS NOT NULL
    AND (row_hash IN (SELECT v.row_hash FROM verdicts AS v WHERE opinion = $opinion)) = $graded
"""

StoredRow = tuple[str, str, str, str, str]
"""row_hash, response, and the problem's ground truth, extra and messages as JSON."""


def _rows(run_dir: Path, second: SecondVerifier, *, graded: bool, limit: str = "") -> list[StoredRow]:
    parameters = {"verifier": second.grades, "opinion": second.opinion, "graded": graded}
    with closing(open_ledger(run_dir)) as ledger:
        found: list[StoredRow] = ledger.execute(f"{_ROWS} ORDER BY row_hash {limit}", parameters).fetchall()
    return found


def _rows_to_grade(run_dir: Path, second: SecondVerifier) -> list[StoredRow]:
    rows = _rows(run_dir, second, graded=False)
    if not rows and not opinion_files(run_dir, second.opinion):
        raise LedgerError(
            f"no stored rollout of {run_dir} was graded by {second.grades!r}: nothing to regrade"
        )
    return rows


async def _check_digest(run_dir: Path, second: SecondVerifier, client: _Client) -> None:
    """Verdicts of two versions under one name would be no opinion of anybody."""
    graded = _rows(run_dir, second, graded=True, limit="LIMIT 1")
    if not graded:
        return
    with closing(open_ledger(run_dir)) as ledger:
        kept = ledger.execute(
            "SELECT DISTINCT verifier_digest FROM verdicts WHERE opinion = $opinion AND status IS NOT NULL",
            {"opinion": second.opinion},
        ).fetchall()
    now = {row["verifier_digest"] for row in await _grade(client, second, graded)} - {None}
    if kept and now and {digest for (digest,) in kept} != now:
        raise LedgerError(
            f"{VERDICTS_FOLDER / second.opinion} holds verdicts of another version of {second.verifier!r}: "
            "move that folder away to grade again"
        )


async def _grade(client: _Client, second: SecondVerifier, rows: Sequence[StoredRow]) -> list[Row]:
    """The opinions on some rows; those that the service could not take now are left out."""
    outcomes = await client.verify_batch([_request(second, row) for row in rows])
    pairs = zip(rows, outcomes, strict=True)
    return [
        {"opinion": second.opinion, "row_hash": row[0], **_columns(outcome)}
        for row, outcome in pairs
        if not isinstance(outcome, VerifierUnavailableError)
    ]


def _request(second: SecondVerifier, row: StoredRow) -> Request:
    _, response, ground_truth, extra, messages = row
    return Request(
        verifier=second.verifier,
        response=response,
        ground_truth=json.loads(ground_truth),
        prompt=json.loads(messages)[-1]["content"],
        extra=json.loads(extra) | second.options,
    )


def _columns(outcome: Verdict | VerifierError) -> Row:
    if isinstance(outcome, VerifierError):
        return {"reason": error_kind(outcome)}
    return {
        "verifier": outcome.verifier,
        "verifier_version": outcome.version,
        "verifier_digest": outcome.digest,
        "status": outcome.status.value,
        "score": outcome.score,
        "answer": None if outcome.answer is None else storable(outcome.answer),
        "reason": storable(outcome.reason),
        "evidence": storable(canonical_json(outcome.evidence)),
        "elapsed_ms": outcome.elapsed_ms,
    }
