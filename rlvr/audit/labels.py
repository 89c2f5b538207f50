"""Rollouts that a person marked right or wrong become cases for `python -m verifiers bench --cases`.

    run directory + row + "right" | "wrong" --label_row--> labels.jsonl, one `LabelledCase` per line

A row is named by its `row_hash`, or enough of its beginning. Labelling it again replaces its line.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from rlvr.audit.asking.query import open_ledger
from rlvr.audit.books.manifest import read_manifest
from rlvr.audit.books.storage import write_whole
from rlvr.audit.inert import visible
from rlvr.audit.report.samples import Exhibit
from rlvr.errors import ConfigError, LedgerError
from verifiers import InvalidRequestError
from verifiers.bench.cases import LabelledCase, read_cases

Expected = Literal["right", "wrong"]

LABELS_FILE = Path("labels.jsonl")

MIN_PREFIX = 8

_ROW = """
SELECT h.row_hash, h.outcome, h.response, p.verifier, p.ground_truth, p.extra, p.prompt
FROM held AS h JOIN (
    SELECT id, any_value(verifier) AS verifier, any_value(ground_truth) AS ground_truth,
        any_value(extra) AS extra, any_value(prompt) AS prompt FROM problems GROUP BY id) AS p
    ON p.id = h.problem_id
WHERE starts_with(h.row_hash, $row) AND h.response IS NOT NULL LIMIT 2
"""


def label_row(run_dir: Path, row: str, expected: Expected, target: Path) -> LabelledCase:
    """Add the case of one row to `target`, or replace it there, and return it.

    Raises:
        ConfigError: no finished rollout, or more than one, has a hash that begins so.
        LedgerError: the books or `target` cannot be read or written.
    """
    case = _case(run_dir, row, expected)
    try:
        kept = read_cases(target) if target.exists() else []
    except (InvalidRequestError, OSError, UnicodeDecodeError) as error:
        raise LedgerError(
            f"{target} holds no labelled cases: {error}; give another file with --to"
        ) from error
    cases = [one for one in kept if one.id != case.id] + [case]
    write_whole(target, "".join(one.model_dump_json() + "\n" for one in cases).encode())
    return case


def _case(run_dir: Path, row: str, expected: Expected) -> LabelledCase:
    if len(row) < MIN_PREFIX:
        raise ConfigError(f"a row is named by its row_hash, at least {MIN_PREFIX} characters of it")
    with closing(open_ledger(run_dir)) as ledger:
        found = ledger.execute(_ROW, {"row": row}).fetchall()
    if len(found) != 1:
        many = "more than one" if found else "no"
        raise ConfigError(f"{many} finished rollout of {run_dir} has a row_hash beginning {visible(row)!r}")
    [(row_hash, outcome, response, verifier, ground_truth, extra, messages)] = found
    return LabelledCase(
        **_facts(
            read_manifest(run_dir).run_id,
            row_hash,
            outcome,
            verifier,
            response,
            ground_truth,
            messages,
            extra,
        ),
        expected=expected,
    )


def unlabelled_case(run_id: str, one: Exhibit) -> str | None:
    """A rollout as the JSON of its case without `expected`, in ASCII; None if its problem was not kept."""
    if one.verifier is None or one.reference is None or one.messages is None or one.extra is None:
        return None
    return json.dumps(
        _facts(
            run_id,
            one.row_hash,
            one.outcome,
            one.verifier,
            one.response,
            one.reference,
            one.messages,
            one.extra,
        )
    )


def _facts(
    run_id: str,
    row_hash: str,
    outcome: str,
    verifier: str,
    response: str,
    ground_truth: str,
    messages: str,
    extra: str,
) -> dict[str, Any]:
    """What a `LabelledCase` says besides `expected`; the last three are JSON."""
    return {
        "id": f"{run_id}/{row_hash[:16]}",
        "verifier": verifier,
        "kind": f"was_{outcome}",
        "response": response,
        "ground_truth": json.loads(ground_truth),
        "prompt": json.loads(messages)[-1]["content"],
        "extra": json.loads(extra),
    }
