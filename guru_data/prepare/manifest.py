"""What was prepared, from what, and what became of every row: `manifest.json`.

Holds nothing that differs between two runs on the same input: no time, no place, no machine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from guru_data.clean.leaks import BenchmarkIndex
from guru_data.prepare.config import PrepareConfig
from guru_data.prepare.output import Tally
from guru_data.prepare.staging import Removal, SourceCount

MANIFEST_FILE = "manifest.json"
_PACKAGES = ("rlvr-cluster", "pyarrow", "datasketch", "numpy")


def manifest_of(
    config: PrepareConfig,
    sources: Sequence[SourceCount],
    benchmarks: BenchmarkIndex,
    removed: Iterable[Removal],
    tally: Tally,
    written: Sequence[Path],
) -> dict[str, JsonValue]:
    """The manifest as JSON.

    Args:
        removed: every row that was read and is not in `written`.
        written: the files of the prepared set.
    """
    reasons = Counter((removal.step, removal.reason) for removal in removed)
    return {
        "format": 1,
        "config": config.model_dump(mode="json", exclude={"out"}),
        "versions": {name: version(name) for name in _PACKAGES},
        "verifiers": dict(tally.verifiers),
        "sources": [_source(count) for count in sources],
        "benchmarks": {
            "different_questions": len(benchmarks),
            "files": [_file(path) for path in config.clean.benchmarks],
        },
        "rows": {
            "in": sum(count.rows for count in sources),
            "out": tally.splits.total(),
            "removed": reasons.total(),
        },
        "removed": _nested(reasons),
        "splits": dict(sorted(tally.splits.items())),
        "domains": _nested(tally.domains),
        "data_sources": dict(sorted(tally.data_sources.items())),
        "licences": dict(sorted(tally.licences.items())),
        "bands": _nested(tally.bands),
        "references": _nested(tally.references),
        "files": [_file(path) for path in written],
    }


def _source(count: SourceCount) -> dict[str, JsonValue]:
    return {
        "kind": count.kind,
        "rows": count.rows,
        "rejected": count.rejected,
        "files": [_file(path) for path in count.files],
    }


def _file(path: Path) -> dict[str, JsonValue]:
    with path.open("rb") as file:
        return {
            "name": path.name,
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _nested(counts: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for (outer, inner), count in sorted(counts.items()):
        nested.setdefault(outer, {})[inner] = count
    return nested
