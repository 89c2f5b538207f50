"""Scored groups become ledger rows: one for each requested rollout, lost ones included.

    ScoredGroup --ledger_rows--> G rows        Problem --problem_row--> one row

Hack detectors look at each response on the way, whether it was rewarded or not.
Text is kept as it came, apart from lone surrogates, which no UTF-8 file can hold and which are
written as `\\udXXX`. Where there is no value (no reward, no verdict) the row holds null, never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from guru_data import Problem
from rlvr.audit.books.schema import Row, canonical_json, row_hash
from rlvr.audit.detectors import Task, detect
from rlvr.rollouts import Rollout, Sample, ScoredGroup
from verifiers import Verdict


def ledger_rows(
    scored: Sequence[ScoredGroup], *, run_id: str, step: int, attempt: int, created_at: datetime
) -> list[Row]:
    """The rows of one step, in order, each sealed by its hash."""
    microseconds = int(created_at.timestamp() * 1_000_000)
    rows: list[Row] = []
    for group in scored:
        problem = group.group.problem
        shared = _group_columns(problem)
        task = Task(shared["prompt"], problem.ground_truth)
        for index, sample in enumerate(group.group.samples):
            row: Row = {
                "run_id": run_id,
                "step": step,
                "group_id": group.group.group_id,
                "rollout_id": sample.rollout_id,
                **shared,
                **_rollout_columns(sample.rollout),
                **_verdict_columns(sample),
                "attempts": sample.attempts,
                "reward": _finite(group.rewards_G[index]),
                "advantage": _finite(group.advantages_G[index]),
                "used": group.dropped_G[index] is None,
                "dropped_reason": group.dropped_G[index],
                "attempt": attempt,
                "created_at": microseconds,
                "detectors": _detected(task, problem, sample),
            }
            row["row_hash"] = row_hash(row)
            rows.append(row)
    return rows


def problem_row(problem: Problem) -> Row:
    """One row of `problems.parquet`."""
    return {
        "id": problem.id,
        "hash": problem.content_hash,
        "prompt": storable(canonical_json(problem.chat())),
        "ground_truth": storable(canonical_json(problem.ground_truth)),
        "extra": storable(canonical_json(problem.extra)),
        "verifier": problem.verifier,
        "domain": problem.domain,
        "data_source": problem.data_source,
        "source": problem.source,
        "licence": problem.licence,
        "split": problem.split,
    }


def prompt_text(problem: Problem) -> str:
    """The prompt as a person reads it; roles are named where there is more than the user's one turn."""
    messages = problem.prompt
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"[{message.role}]\n{message.content}" for message in messages)


def storable(text: str) -> str:
    """The text, with lone surrogates written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _group_columns(problem: Problem) -> Row:
    return {
        "problem_id": problem.id,
        "problem_hash": problem.content_hash,
        "domain": problem.domain,
        "data_source": problem.data_source,
        "prompt": storable(prompt_text(problem)),
    }


def _rollout_columns(rollout: Rollout | None) -> Row:
    if rollout is None:
        return dict.fromkeys(_ROLLOUT_COLUMNS)
    values = (
        storable(rollout.text),
        rollout.finish_reason,
        len(rollout.prompt_ids),
        len(rollout.completion_ids),
        rollout.version_min,
        rollout.version_max,
    )
    return dict(zip(_ROLLOUT_COLUMNS, values, strict=True))


_ROLLOUT_COLUMNS = (
    "response",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "weight_version_min",
    "weight_version_max",
)


def _verdict_columns(sample: Sample) -> Row:
    verdict: Verdict | None = sample.verdict
    if verdict is None:
        return dict.fromkeys(_VERDICT_COLUMNS) | {"reason": sample.lost}
    values = (
        verdict.verifier,
        verdict.version,
        verdict.digest,
        verdict.status.value,
        verdict.score,
        None if verdict.answer is None else storable(verdict.answer),
        storable(verdict.reason),
        storable(canonical_json(verdict.evidence)),
        verdict.elapsed_ms,
    )
    return dict(zip(_VERDICT_COLUMNS, values, strict=True))


_VERDICT_COLUMNS = (
    "verifier",
    "verifier_version",
    "verifier_digest",
    "status",
    "score",
    "answer",
    "reason",
    "evidence",
    "elapsed_ms",
)


def _detected(task: Task, problem: Problem, sample: Sample) -> list[str] | None:
    """The verifier that graded decides which tricks are looked for, or the one that would have."""
    if sample.rollout is None:
        return None
    verifier = sample.verdict.verifier if sample.verdict else ""
    return detect(task, verifier or problem.verifier, sample.rollout.text)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
