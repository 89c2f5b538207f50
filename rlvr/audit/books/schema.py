"""The ledger's columns, and the hash that seals a row.

One ledger row is one *requested* rollout. `ledger/step=NNNNNN/*.parquet` holds the rows,
`problems.parquet` each problem as it was trained on. Nothing here reads or writes files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

Row = dict[str, Any]
"""One row as plain values: str, int, float, bool, list of str or None under the names of a schema below."""

LEDGER_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("step", pa.int32()),  # 32 bits: what readers infer for the `step=` folder of the same name
        ("group_id", pa.string()),
        ("rollout_id", pa.string()),
        ("problem_id", pa.string()),
        ("problem_hash", pa.string()),  # Problem.content_hash, so that the chain seals the reference too
        ("domain", pa.string()),
        ("data_source", pa.string()),
        ("prompt", pa.string()),
        ("response", pa.string()),  # null: lost before it was finished
        ("finish_reason", pa.string()),
        ("prompt_tokens", pa.int32()),
        ("completion_tokens", pa.int32()),
        ("weight_version_min", pa.int32()),
        ("weight_version_max", pa.int32()),
        ("verifier", pa.string()),
        ("verifier_version", pa.string()),
        ("verifier_digest", pa.string()),
        ("status", pa.string()),  # null: never graded
        ("score", pa.float64()),  # null: undecided or never graded
        ("answer", pa.string()),
        ("reason", pa.string()),
        ("evidence", pa.string()),  # a JSON object
        ("elapsed_ms", pa.float64()),
        ("attempts", pa.int32()),  # how often generation of this rollout was tried
        ("reward", pa.float64()),  # null: none was given
        ("advantage", pa.float64()),
        ("used", pa.bool_()),
        ("dropped_reason", pa.string()),  # null if and only if used
        ("attempt", pa.int32()),  # 1 for the run as started, one more for each resume
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("detectors", pa.list_(pa.string())),  # those that hit; null: there is no response to look at
        ("row_hash", pa.string()),
    ],
    metadata={"rlvr.ledger": "3"},
)

_WITHOUT_HASH = LEDGER_SCHEMA.remove(LEDGER_SCHEMA.get_field_index("problem_hash"))

LEDGER_SCHEMAS = (
    LEDGER_SCHEMA,
    _WITHOUT_HASH,
    _WITHOUT_HASH.remove(_WITHOUT_HASH.get_field_index("detectors")),
)
"""The newest, and what older runs were written in: without the problem's hash, and before that no detector
looked at their rows."""

PROBLEM_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("hash", pa.string()),  # Problem.content_hash
        ("prompt", pa.string()),  # JSON list of {role, content}
        ("ground_truth", pa.string()),  # JSON
        ("extra", pa.string()),  # a JSON object
        ("verifier", pa.string()),
        ("domain", pa.string()),
        ("data_source", pa.string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("split", pa.string()),
    ],
    metadata={"rlvr.problems": "1"},
)


def problem_hash(row: Mapping[str, Any]) -> str:
    """`Problem.content_hash` from a row of `PROBLEM_SCHEMA`, whose JSON columns are canonical."""
    verifier = canonical_json(row["verifier"])
    parts = (f'"{name}":{row[name]}' for name in ("extra", "ground_truth", "prompt"))
    content = f'{{{",".join(parts)},"verifier":{verifier}}}'
    return hashlib.sha256(content.encode()).hexdigest()


def row_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical content of a ledger row, in hexadecimal.

    Canonical is the row without `row_hash` as UTF-8 JSON: keys sorted, no spaces, characters
    unescaped, missing values null, `created_at` as microseconds since 1970 UTC.
    """
    content = {name: value for name, value in row.items() if name != "row_hash"}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def canonical_json(value: object) -> str:
    """The one JSON text of a value: keys sorted, no spaces, characters unescaped."""
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
