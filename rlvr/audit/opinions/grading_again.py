"""Grade stored rollouts again, with another verifier or other options; never used for rewards.

    run directory + SecondVerifier --grade_again--> verdicts/<name>/part-NNNNNN.parquet

A part is written whole or not at all, sealed in the run's chain (the heads known before stay in it), and
every row is graded once, so that a stopped regrade goes on where it was. A run that is still going holds its
chain: there, `audit.shadow` gives second opinions. What follows from the verdicts is said by `whatif.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
                found = await _grade(client, second, part)
                left += len(part) - len(found)
                seal_file(chain, run_dir, write_opinions(run_dir, second.opinion, found))
                said(f"{start + len(part)} of {len(rows)} rows")
    return left


_ROWS = """
WITH asked AS (
    SELECT id, any_value(ground_truth) AS ground_truth, any_value(extra) AS extra,
        any_value(prompt) AS messages FROM problems GROUP BY id)
SELECT row_hash, response, ground_truth, extra, messages
FROM held JOIN asked ON id = problem_id
WHERE verifier = $verifier AND response IS NOT NULL
    AND row_hash IN (
        SELECT row_hash FROM held WHERE verifier = $verifier AND response IS NOT NULL
        ORDER BY row_number() OVER (PARTITION BY domain, outcome ORDER BY row_hash), row_hash LIMIT $sample)
    AND (row_hash IN (SELECT v.row_hash FROM verdicts AS v WHERE opinion = $opinion)) = $graded
"""

StoredRow = tuple[str, str, str, str, str]
"""row_hash, response, and the problem's ground truth, extra and messages as JSON."""


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
    now = {row["verifier_digest"] for row in await _grade(client, second, graded)} - {None}
    if kept and now and {digest for (digest,) in kept} != now:
        raise LedgerError(
            f"{VERDICTS_FOLDER / second.opinion} holds verdicts of another version of {second.verifier!r}: "
            "move that folder away to grade again"
        )


async def _grade(client: Client, second: SecondVerifier, rows: Sequence[StoredRow]) -> list[Row]:
    return await ask_opinions(client, second, [_question(second, row) for row in rows])


def _question(second: SecondVerifier, row: StoredRow) -> tuple[str, Request]:
    row_hash, response, ground_truth, extra, messages = row
    prompt = json.loads(messages)[-1]["content"]
    return row_hash, second.request(response, json.loads(ground_truth), prompt, json.loads(extra))
