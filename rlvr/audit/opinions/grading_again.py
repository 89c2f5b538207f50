"""Grade stored rollouts again, with another verifier or other options; never used for rewards.

    run directory + SecondVerifier --grade_again--> verdicts/<name>/part-NNNNNN.parquet

A part is written whole or not at all, sealed in the run's chain (the heads known before stay in it), and
every row is graded once, so that a stopped regrade goes on where it was. A run that is still going holds its
chain: there, `audit.shadow` gives second opinions. What follows from the verdicts is said by `whatif.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rlvr.audit.asking.query import open_ledger
from rlvr.audit.books.chain import Chain
from rlvr.audit.books.schema import Row
from rlvr.audit.books.sealing import adopt_opinions, seal_file
from rlvr.audit.opinions.second_verifier import Client, SecondVerifier, ask_opinions, open_client
from rlvr.audit.opinions.stored import VERDICTS_FOLDER, opinion_files, write_opinions
from rlvr.errors import LedgerError
from verifiers import VerifyRequest as Request

PART_ROWS = 2_000

ASKED_BYTES = 64 * 2**20
"""Of responses and references whose rows are asked about at once; a problem's tests may be megabytes."""

DEADLINE_S = 1_800.0
"""For one part."""


async def grade_again(
    run_dir: Path,
    second: SecondVerifier,
    *,
    workers: int,
    sample: int | None = None,
    said: Callable[[str], None],
) -> int:
    """Grade every held row of the verifier that was not graded yet; returns how many were left ungraded.

    With `sample`, so many rows are graded in all, as evenly as they go over domains and outcomes. The hashes
    choose them, so that a larger sample contains a smaller one.

    Raises:
        LedgerError: the books cannot be read or written, the run is still going, no row is of this verifier,
            or the stored opinions are of another digest.
        VerifierUnavailableError: the service gave no answer at all.
    """
    rows, left = _rows_to_grade(run_dir, second, sample), 0
    with closing(Chain(run_dir)) as chain:
        async with open_client(second, workers=workers, deadline_s=DEADLINE_S) as client:
            await _check_digest(run_dir, second, client)
            adopt_opinions(chain, run_dir, second.opinion)
            for start in range(0, len(rows), PART_ROWS):
                part = rows[start : start + PART_ROWS]
                found = await _grade(run_dir, client, second, part)
                left += len(part) - len(found)
                seal_file(chain, run_dir, write_opinions(run_dir, second.opinion, found))
                said(f"{start + len(part)} of {len(rows)} rows")
    return left


_ROWS = """
WITH asked AS (SELECT id, max(strlen(ground_truth) + strlen(extra)) AS size FROM problems GROUP BY id)
SELECT row_hash, strlen(response) + asked.size
FROM held JOIN asked ON id = problem_id
WHERE verifier = $verifier AND response IS NOT NULL
    AND row_hash IN (
        SELECT row_hash FROM held WHERE verifier = $verifier AND response IS NOT NULL
        ORDER BY row_number() OVER (PARTITION BY domain, outcome ORDER BY row_hash), row_hash LIMIT $sample)
    AND (row_hash IN (SELECT v.row_hash FROM verdicts AS v WHERE opinion = $opinion)) = $graded
"""

StoredRow = tuple[str, int]
"""row_hash, and how many bytes the response and the problem's reference have."""


ALL_ROWS = 2**62


def _rows(
    run_dir: Path, second: SecondVerifier, *, graded: bool, sample: int | None = None, limit: str = ""
) -> list[StoredRow]:
    parameters = {
        "verifier": second.grades,
        "opinion": second.opinion,
        "graded": graded,
        "sample": ALL_ROWS if sample is None else sample,
    }
    with closing(open_ledger(run_dir)) as ledger:
        found: list[StoredRow] = ledger.execute(f"{_ROWS} ORDER BY row_hash {limit}", parameters).fetchall()
    return found


def _rows_to_grade(run_dir: Path, second: SecondVerifier, sample: int | None) -> list[StoredRow]:
    rows = _rows(run_dir, second, graded=False, sample=sample)
    if not rows and not opinion_files(run_dir, second.opinion):
        raise LedgerError(
            f"no stored rollout of {run_dir} was graded by {second.grades!r}: nothing to regrade"
        )
    return rows


async def _check_digest(run_dir: Path, second: SecondVerifier, client: Client) -> None:
    """Verdicts of two versions under one name would be no opinion of anybody."""
    graded = _rows(run_dir, second, graded=True, limit="LIMIT 1")
    if not graded:
        return
    with closing(open_ledger(run_dir)) as ledger:
        kept = ledger.execute(
            "SELECT DISTINCT verifier_digest FROM verdicts WHERE opinion = $opinion AND status IS NOT NULL",
            {"opinion": second.opinion},
        ).fetchall()
    now = {row["verifier_digest"] for row in await _grade(run_dir, client, second, graded)} - {None}
    if kept and now and {digest for (digest,) in kept} != now:
        raise LedgerError(
            f"{VERDICTS_FOLDER / second.opinion} holds verdicts of another version of {second.verifier!r}: "
            "move that folder away to grade again"
        )


async def _grade(
    run_dir: Path, client: Client, second: SecondVerifier, rows: Sequence[StoredRow]
) -> list[Row]:
    found: list[Row] = []
    for hashes in _batches(rows):
        found += await ask_opinions(client, second, _questions(run_dir, second, hashes))
    return found


def _batches(rows: Sequence[StoredRow]) -> Iterator[list[str]]:
    """Hashes of rows that are asked about together, their texts being held: one row, or `ASKED_BYTES`."""
    hashes: list[str] = []
    held = 0
    for row_hash, size in rows:
        if hashes and held + size > ASKED_BYTES:
            yield hashes
            hashes, held = [], 0
        hashes.append(row_hash)
        held += size
    if hashes:
        yield hashes


_RESPONSES = """
SELECT row_hash, response, problem_id FROM held WHERE row_hash IN (SELECT unnest($hashes)) ORDER BY row_hash
"""

_PROBLEMS = """
SELECT id, any_value(ground_truth), any_value(extra), any_value(prompt) FROM problems
WHERE id IN (SELECT unnest($ids)) GROUP BY id
"""


def _questions(run_dir: Path, second: SecondVerifier, hashes: list[str]) -> list[tuple[str, Request]]:
    """A problem's reference is read and parsed once for all its rows."""
    with closing(open_ledger(run_dir)) as ledger:
        responses = ledger.execute(_RESPONSES, {"hashes": hashes}).fetchall()
        ids = sorted({problem_id for _, _, problem_id in responses})
        asked = ledger.execute(_PROBLEMS, {"ids": ids}).fetchall()
    problems = {row[0]: tuple(map(json.loads, row[1:])) for row in asked}
    questions = []
    for row_hash, response, problem_id in responses:
        ground_truth, extra, messages = problems[problem_id]
        prompt = messages[-1]["content"]
        questions.append((row_hash, second.request(response, ground_truth, prompt, extra)))
    return questions
