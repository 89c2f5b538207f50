"""Write a foreign dump as a run directory.

    PATH --survey--> hashes, counts --> manifest.json
         --second reading--> ledger, problems, metrics.jsonl, left_out.jsonl

The dump is read twice, so that the manifest can say what it held and nothing is written of a dump that holds
nothing. One step is in memory at a time.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import fmean

from guru_data import Problem
from guru_data.errors import RowError
from rlvr.audit.book import Audit
from rlvr.audit.books.manifest import LEFT_OUT_FILE, Imported, describe_import
from rlvr.audit.books.rows import storable
from rlvr.audit.books.schema import Row, canonical_json, row_hash
from rlvr.audit.books.storage import append_line, open_for_append, sha256_file
from rlvr.audit.detectors import Task, detect
from rlvr.audit.exchange.importing.base import Asked, LeftOut, open_format
from rlvr.audit.exchange.importing.fate import ledger_row, problem_of
from rlvr.audit.exchange.importing.truths import Truths
from rlvr.errors import ConfigError, LedgerError
from verifiers.registry import VERIFIERS

NAMED = 20
"""How many rows that were left out a result names; the file names all."""

DEFAULT_TRUTH = "ground_truth"


@dataclass(slots=True)
class ImportResult:
    """What an import made of a dump."""

    run_id: str = ""
    head: str = ""
    """Hash of the chain's last line."""
    files: dict[str, str] = field(default_factory=dict)
    """SHA-256 by path."""
    rows: int = 0
    steps: int = 0
    left_out: int = 0
    named: list[LeftOut] = field(default_factory=list)
    """The first `NAMED` of them."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A rollout that goes into the books."""

    place: str
    step: int
    siblings: str
    """What the other rollouts of its group in this step share with it."""
    problem: Problem
    row: Row
    """Without the columns that say which rollout it is."""


Entry = _Kept | LeftOut


def import_run(kind: str, path: Path, run_dir: Path, asked: Asked, command: Sequence[str]) -> ImportResult:
    """Make the run directory `run_dir` of the dump at `path`.

    Raises:
        ConfigError: no such format or verifier, or `path` holds no file of the format.
        SourceError: a file cannot be read (guru_data's).
        LedgerError: no row could be imported, steps go backwards, or `run_dir` cannot be written.
    """
    _check(asked)
    truths = Truths(asked.dataset, asked.truth or DEFAULT_TRUTH) if asked.dataset else None
    result = _survey(kind, path, asked, truths)
    imported = Imported(format=kind, files=result.files, rows=result.rows, left_out=result.left_out)
    audit = Audit(run_dir, run_dir.resolve().name, describe_import(imported, command=command))
    try:
        written = _write(audit, run_dir, _entries(kind, path, asked, truths))
        if (run_dir / LEFT_OUT_FILE).exists():
            audit.seal(LEFT_OUT_FILE)
    finally:
        audit.close()
    if written != result.rows:
        raise LedgerError(f"{path} was changed while it was read: {result.rows} rows, then {written}")
    result.run_id, result.head = audit.run_id, audit.head
    return result


def _check(asked: Asked) -> None:
    if asked.verifier not in VERIFIERS and ":" not in asked.verifier:
        raise ConfigError(
            f"no verifier {asked.verifier!r}; have {', '.join(VERIFIERS)}, or give pkg.module:Class"
        )
    if asked.low >= asked.high:
        raise ConfigError(
            f"a range goes from a wrong answer's score to a right one's, not {asked.low:g} to {asked.high:g}"
        )


def _survey(kind: str, path: Path, asked: Asked, truths: Truths | None) -> ImportResult:
    """Read everything once, keep nothing but counts and hashes."""
    result, last = ImportResult(), -1
    for file in _files(kind, path):
        result.files[_relative(file, path)] = sha256_file(file)
    for entry in _entries(kind, path, asked, truths):
        if isinstance(entry, LeftOut):
            result.left_out += 1
            result.named += [entry] if len(result.named) < NAMED else []
            continue
        if entry.step < last:
            raise LedgerError(
                f"{entry.place}: step {entry.step} comes after step {last}; import one training at a time"
            )
        result.rows += 1
        result.steps += entry.step != last
        last = entry.step
    if not result.rows:
        first = "".join(f"; the first, {one.file}:{one.row}: {one.reason}" for one in result.named[:1])
        raise LedgerError(f"{path} gave no rollout, and {result.left_out} rows were refused{first}")
    return result


def _files(kind: str, path: Path) -> list[Path]:
    files = open_format(kind).files(path)
    if not files:
        raise ConfigError(f"{path} holds no file of the format {kind!r}")
    return files


def _relative(file: Path, path: Path) -> str:
    return storable(file.name if file == path else file.relative_to(path).as_posix())


def _entries(kind: str, path: Path, asked: Asked, truths: Truths | None) -> Iterator[Entry]:
    """Every row of a dump in order: what it becomes, or why it is left out."""
    reader = open_format(kind)
    for file in reader.files(path):
        name = _relative(file, path)
        for number, record in reader.records(file):
            try:
                dumped = reader.rollout(record, asked)
                truth = dumped.truth if truths is None else truths.of(dumped.prompt)
                problem = problem_of(dumped, truth, asked, kind)
                row = ledger_row(dumped, problem, asked)
                yield _Kept(f"{name}:{number}", dumped.step, dumped.group or problem.id, problem, row)
            except RowError as error:
                yield LeftOut(name, number, storable(str(error)))


def _write(audit: Audit, run_dir: Path, entries: Iterator[Entry]) -> int:
    """Record step by step; returns how many rows were written."""
    written = 0
    for step, part in groupby(_kept(entries, run_dir / LEFT_OUT_FILE), key=lambda kept: kept.step):
        kept = list(part)
        rows = _step_rows(audit, step, kept)
        audit.write(step, rows, [one.problem for one in kept])
        audit.log(step, _metrics(rows))
        written += len(rows)
    return written


def _kept(entries: Iterator[Entry], target: Path) -> Iterator[_Kept]:
    """The rows that go into the books; the others go to `target`, which is made for the first of them."""
    descriptor = -1
    try:
        for entry in entries:
            if isinstance(entry, _Kept):
                yield entry
                continue
            if descriptor < 0:
                descriptor = open_for_append(target)
            append_line(descriptor, target, canonical_json(asdict(entry)).encode(), sync=False)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _step_rows(audit: Audit, step: int, kept: Sequence[_Kept]) -> list[Row]:
    created_at = int(datetime.now(UTC).timestamp() * 1_000_000)
    groups: dict[str, str] = {}
    rows: list[Row] = []
    for one in kept:
        task = Task(one.row["prompt"], one.problem.ground_truth)
        response = one.row["response"]
        row = one.row | {
            "run_id": audit.run_id,
            "step": step,
            "group_id": groups.setdefault(one.siblings, f"{step}/{len(groups)}"),
            "rollout_id": one.place,
            "attempt": audit.attempt,
            "created_at": created_at,
            "detectors": None if response is None else detect(task, one.problem.verifier, response),
        }
        rows.append(row | {"row_hash": row_hash(row)})
    return rows


def _metrics(rows: Sequence[Row]) -> dict[str, float]:
    """What the rows of a step tell; trainers log the rest elsewhere."""
    groups: dict[str, set[float]] = {}
    for row in rows:
        seen = groups.setdefault(row["group_id"], set())
        seen |= {row["reward"]} - {None}
    rewards = [row["reward"] for row in rows if row["reward"] is not None]
    undecided = sum(row["status"] == "undecided" for row in rows)
    return {
        "reward/mean": fmean(rewards) if rewards else math.nan,
        "groups/zero_variance_share": sum(len(found) < 2 for found in groups.values()) / len(groups),
        "verify/undecided_share": undecided / len(rows),
    }
