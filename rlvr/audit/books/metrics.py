"""`metrics.jsonl`: one object per step, and what a step's groups alone can tell.

    list[ScoredGroup] --step_metrics--> {"reward/mean": ..., ...}
    metrics --MetricsLog.log--> one line {step, attempt, ...} --read_metrics--> one dict per step

Timings, losses and evaluations come from those who know them. A value that is not finite is null.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from rlvr.audit.books.storage import append_line, drop_torn_line, open_for_append
from rlvr.errors import LedgerError
from rlvr.rollouts import FloatArray, Rollout, Sample, ScoredGroup
from verifiers import VerdictStatus

METRICS_FILE = Path("metrics.jsonl")

StepMetrics = dict[str, float | None]
"""One step's values by name, `step` and `attempt` among them; null where there was no finite value."""


class MetricsLog:
    """Appends one attempt's metrics to `metrics.jsonl`."""

    def __init__(self, run_dir: Path, attempt: int) -> None:
        self._path = run_dir / METRICS_FILE
        self._attempt = attempt
        self._descriptor = open_for_append(self._path)
        drop_torn_line(self._descriptor)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Write one line; a kill after this returns cannot take it back.

        Raises:
            LedgerError: the disk is full or cannot be written.
        """
        values = {name: _finite_or_null(value) for name, value in metrics.items()}
        line = json.dumps({"step": step, "attempt": self._attempt, **values})
        append_line(self._descriptor, self._path, line.encode(), sync=False)

    def close(self) -> None:
        """Release the file; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_metrics(run_dir: Path) -> list[StepMetrics]:
    """The metrics that hold, one dict per step in order.

    Lines of one step and attempt (training, evaluation) are joined. What a resume repeated is left
    out: an attempt counts only up to the first step of the next one.

    Raises:
        LedgerError: the file cannot be read or a line is damaged; a last line torn by a kill is left out.
    """
    lines = [line for line in _lines(run_dir) if line.endswith(b"\n")]
    attempts: dict[int, dict[int, StepMetrics]] = defaultdict(dict)
    for number, line in enumerate(lines, 1):
        try:
            step, attempt, entry = _parse(line)
        except (ValueError, RecursionError) as error:
            raise LedgerError(f"{run_dir / METRICS_FILE} line {number} is damaged: {error}") from error
        attempts[attempt].setdefault(step, {}).update(entry)

    held: dict[int, StepMetrics] = {}
    for _, steps in sorted(attempts.items()):
        first = min(steps)
        held = {step: values for step, values in held.items() if step < first} | steps
    return [held[step] for step in sorted(held)]


def metrics_digest(run_dir: Path, lines: int | None = None) -> tuple[str, int]:
    """SHA-256 and number of the first `lines` lines of `metrics.jsonl`, or of all; of a missing file none.

    Raises:
        LedgerError: the file cannot be read.
    """
    kept = _lines(run_dir)[:lines]
    return hashlib.sha256(b"".join(kept)).hexdigest(), len(kept)


def _lines(run_dir: Path) -> list[bytes]:
    """With their newlines; none of a missing file."""
    path = run_dir / METRICS_FILE
    try:
        *lines, torn = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}") from error
    return [line + b"\n" for line in lines] + ([torn] if torn else [])


def _parse(line: bytes) -> tuple[int, int, StepMetrics]:
    """Step, attempt and values of a line that `MetricsLog.log` wrote; raises ValueError of any other."""
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise ValueError("not an object")
    step, attempt = entry.get("step"), entry.get("attempt")
    if type(step) is not int or type(attempt) is not int:
        raise ValueError("step or attempt is missing or no whole number")
    for name, value in entry.items():
        if value is not None and type(value) not in (int, float):
            raise ValueError(f"{name!r} is no number")
    return step, attempt, entry


def step_metrics(scored: Sequence[ScoredGroup], learner_version: int) -> dict[str, float]:
    """What one step's groups tell; `learner_version` is the version they are about to update.

    `tokens/*` are sums over the step, shares are of all requested rollouts or of all groups.
    """
    samples = [sample for group in scored for sample in group.group.samples]
    rollouts = [sample.rollout for sample in samples if sample.rollout is not None]
    return {
        **_rewards(scored),
        "groups/zero_variance_share": _share(map(_is_flat, scored)),
        "verify/undecided_share": _share(_has_status(sample, VerdictStatus.UNDECIDED) for sample in samples),
        "verify/no_answer_share": _share(_has_status(sample, VerdictStatus.NO_ANSWER) for sample in samples),
        "rollout/lost_share": _share(sample.lost is not None for sample in samples),
        "rollout/truncated_share": _share(_is_truncated(sample.rollout) for sample in samples),
        "tokens/prompt": float(sum(len(rollout.prompt_ids) for rollout in rollouts)),
        "tokens/completion": float(sum(len(rollout.completion_ids) for rollout in rollouts)),
        "staleness/max": float(max((learner_version - r.version_min for r in rollouts), default=0)),
    }


def _rewards(scored: Sequence[ScoredGroup]) -> dict[str, float]:
    """`reward/mean` over all rollouts that have a reward, and by domain."""
    domains: dict[str, list[FloatArray]] = defaultdict(list)
    for group in scored:
        domains[group.group.problem.domain].append(group.rewards_G[np.isfinite(group.rewards_G)])
    means = {f"reward/mean/{domain}": _mean(rewards) for domain, rewards in sorted(domains.items())}
    return {"reward/mean": _mean([part for rewards in domains.values() for part in rewards]), **means}


def _mean(parts: Sequence[FloatArray]) -> float:
    rewards = np.concatenate([*parts, np.empty(0)])
    return float(rewards.mean(dtype=np.float64)) if len(rewards) else math.nan


def _is_flat(group: ScoredGroup) -> bool:
    """All its rewards are equal (or it has none): the group teaches nothing."""
    rewards = group.rewards_G[np.isfinite(group.rewards_G)]
    return not len(rewards) or bool((rewards == rewards[0]).all())


def _has_status(sample: Sample, status: VerdictStatus) -> bool:
    return sample.verdict is not None and sample.verdict.status is status


def _is_truncated(rollout: Rollout | None) -> bool:
    return rollout is not None and rollout.finish_reason == "length"


def _share(flags: Iterable[bool]) -> float:
    values = list(flags)
    return sum(values) / len(values) if values else 0.0


def _finite_or_null(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
