"""Check that `metrics.jsonl` says what the evidence says: rewards of the rows, accuracy of the evaluations.

    metrics + mean rewards of the rows --reward_faults--> values that differ
    metrics + evals/step_NNNNNN.json --evaluation_faults--> the same, and accuracy of which nothing was kept

Metrics are sealed when an attempt ends; until then, and of a run that was killed, this is what holds them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from rlvr.audit.books.chain import Link
from rlvr.audit.books.check_files import EVALUATION_FILE
from rlvr.audit.books.manifest import MANIFEST_FILE
from rlvr.audit.books.metrics import StepMetrics
from rlvr.evaluate import read_evaluation

TOLERANCE = 1e-6
"""Two orders of summing differ by rounding, no more."""

REWARD, ACCURACY = "reward/mean", "eval/pass@1/"


def reward_faults(
    entries: Sequence[StepMetrics], means: Mapping[tuple[int, int], Mapping[str, float]]
) -> Iterator[str]:
    """Logged mean rewards, overall and by domain, that are not those of the step's rows."""
    for entry in entries:
        step, attempt = int(entry["step"] or 0), int(entry["attempt"] or 0)
        held = means.get((step, attempt), {})
        for name, logged in entry.items():
            if f"{name}/".startswith(f"{REWARD}/") and not _agree(logged, held.get(name)):
                yield f"metrics.jsonl says {name} {logged} at step {step}, the rows say {held.get(name)}"


def evaluation_faults(
    run_dir: Path, entries: Sequence[StepMetrics], links: Sequence[Link], sound: Collection[str]
) -> Iterator[str]:
    """Logged accuracies that are not those of the evaluation kept for that step.

    `sound` are the files whose bytes are the sealed ones. A run that kept no evaluation at all is of before
    they were kept. One that a later attempt made anew replaces what the entry's attempt measured.
    """
    sealed_in = _attempts(links)
    for entry in entries:
        splits = [name.removeprefix(ACCURACY) for name in entry if name.startswith(ACCURACY)]
        step, attempt = int(entry["step"] or 0), int(entry["attempt"] or 0)
        file = f"evals/step_{step:06d}.json"
        if splits and sealed_in and file not in sealed_in:
            yield f"metrics.jsonl says how an evaluation at step {step} went, and {file} is not sealed"
        elif splits and file in sound and sealed_in[file] <= attempt:
            yield from _differences(run_dir / file, entry, [split for split in splits if "/" not in split])


def _differences(path: Path, entry: StepMetrics, splits: Sequence[str]) -> Iterator[str]:
    try:
        found = read_evaluation(path)
        kept = {name: value for split in splits for name, value in found.metrics(split).items()}
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        yield f"evals/{path.name} is no evaluation: {error!r}"
        return
    for name in sorted(entry.keys() & kept.keys()):
        if not _agree(entry[name], kept[name]):
            yield (
                f"metrics.jsonl says {name} {entry[name]} at step {entry['step']}, "
                f"evals/{path.name} says {kept[name]}"
            )


def _attempts(links: Sequence[Link]) -> dict[str, int]:
    """By evaluation file, the attempt in which it was sealed last."""
    attempt, found = 0, {}
    for link in links:
        attempt += link.file == str(MANIFEST_FILE)
        if EVALUATION_FILE.fullmatch(link.file):
            found[link.file] = attempt
    return found


def _agree(logged: float | None, held: float | None) -> bool:
    """Null is written for what is not finite."""
    if logged is None or held is None or math.isnan(held):
        return logged is None and (held is None or math.isnan(held))
    return abs(logged - held) <= TOLERANCE
