"""Prepare a training set. Start reading here.

    sources --stage--> facts --steps--> removals --write--> train, heldout, removed, manifest, card

Problems stay on disk between the two passes; in memory there is about two kilobytes of each. Every
row that was read is written or removed for a reason, and that is checked before the folder takes
its name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from guru_data.clean.benchmarks import read_benchmarks
from guru_data.clean.leaks import BenchmarkIndex
from guru_data.errors import PrepareError
from guru_data.parquet import PREPARED_FILES
from guru_data.prepare.card import CARD_FILE, card_of
from guru_data.prepare.config import PrepareConfig
from guru_data.prepare.folder import new_folder
from guru_data.prepare.manifest import MANIFEST_FILE, manifest_of
from guru_data.prepare.output import REMOVED_FILE, write_kept, write_removed
from guru_data.prepare.progress import Track, untracked
from guru_data.prepare.staging import Removal, stage
from guru_data.prepare.steps import removals, steps_of


@dataclass
class Prepared:
    """What was prepared, and how long each step took."""

    manifest: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by step: read, difficulty, duplicates, ids, benchmarks, references, manifest."""


def prepare(config: PrepareConfig, track: Track = untracked) -> Prepared:
    """Make the folder `config.out`; the same input gives the same bytes.

    Raises:
        PrepareError: the folder exists, is being prepared or cannot be written; or rows went missing.
        SourceError: a source, benchmark or evaluation cannot be read.
        GradingError: a problem's verifier cannot be had.
    """
    done = Prepared({})
    benchmarks = BenchmarkIndex(read_benchmarks(config.clean.benchmarks))
    with new_folder(config.out) as work:
        with _timed(done, "read"):
            staged = stage(config.sources, config.difficulty, work / "staged.parquet", track)
        removed: dict[int, Removal] = {}
        for step in track(steps_of(benchmarks), "compare", None):
            with _timed(done, step.name):
                removals(step, staged.facts, removed)
        with _timed(done, "references"):
            problems = track(staged.problems(), "grade and write", len(staged.facts))
            tally = write_kept(problems, removed, work, config.clean.graded_programs)
        staged.path.unlink()
        with _timed(done, "manifest"):
            gone = write_removed(staged.rejected, removed, work)
            written = [work / name for name in (*PREPARED_FILES.values(), REMOVED_FILE)]
            done.manifest = dict(manifest_of(config, staged.sources, benchmarks, gone, tally, written))
            _check_balance(done.manifest["rows"])
            text = json.dumps(done.manifest, indent=2, sort_keys=True, ensure_ascii=False)
            (work / MANIFEST_FILE).write_text(f"{text}\n", encoding="utf-8")
            (work / CARD_FILE).write_text(card_of(done.manifest), encoding="utf-8")
    return done


def _check_balance(rows: dict[str, int]) -> None:
    if rows["in"] != rows["out"] + rows["removed"]:
        raise PrepareError(f"rows went missing without a reason: {rows}; nothing was prepared")


@contextmanager
def _timed(done: Prepared, step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    done.seconds[step] = time.perf_counter() - began
