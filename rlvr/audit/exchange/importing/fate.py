"""What becomes of a foreign rollout in our books: its reward is no verdict of ours.

| the dump tells | status | score | reward | used |
|---|---|---|---|---|
| a reward | `graded`, reason `imported` | its place between `low` and `high` | as dumped | yes |
| no reward (TRL's None) | `undecided`, `no_reward` | null | null | no: `undecided` |
| an error of the trainer's, and a text | `undecided`, `rollout_failed` | null | null | no: `undecided` |
| an error, and no text | null (lost) | null | null | no: `rollout_failed` |
| a score outside `low` to `high` | the row is left out | | | |

Rollouts of an evaluation are dropped as `evaluation`. `verifier` is the one that reads the references, so
that `regrade` knows what to ask; version and digest are null, since it did not give this reward. Tokens,
weight versions, answers, latencies and tries are null where the dump does not tell them, and never guessed.
"""

from __future__ import annotations

import hashlib
import json

from pydantic import JsonValue, ValidationError

from guru_data import Problem
from guru_data.errors import MalformedTruthError, RowError
from rlvr.audit.books.rows import prompt_text, storable
from rlvr.audit.books.schema import LEDGER_SCHEMA, Row, canonical_json
from rlvr.audit.detectors import Task, detect
from rlvr.audit.exchange.importing.base import Asked, Dumped
from verifiers import VerdictStatus

ROUNDING = 1e-6
"""Sums of single-precision rewards miss 0 and 1 by this much."""


def problem_of(dumped: Dumped, truth: JsonValue, asked: Asked, source: str) -> Problem:
    """The problem that a rollout answers; the same prompt and reference make the same one.

    Raises:
        MalformedTruthError: the reference is nothing that JSON can hold.
    """
    try:
        kept = json.dumps(truth, allow_nan=False, ensure_ascii=False, sort_keys=True)
        prompt = [[message.role, message.content] for message in dumped.prompt]
        digest = hashlib.sha256(f"{canonical_json(prompt)}\n{kept}".encode()).hexdigest()
        return Problem(
            id=f"{source}/{digest[:16]}",
            prompt=dumped.prompt,
            domain=asked.verifier,
            data_source=dumped.data_source or source,
            verifier=asked.verifier,
            ground_truth=truth,
            source=f"imported from {source}",
            licence="unknown",
            split="heldout" if asked.evaluation or not dumped.trained else "train",
        )
    except (TypeError, ValueError, RecursionError) as error:  # of which pydantic's errors are some
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise MalformedTruthError(f"the reference cannot be kept: {detail}") from error


def ledger_row(dumped: Dumped, problem: Problem, asked: Asked) -> Row:
    """The row of a rollout, without its hash and the columns that say which one it is.

    Raises:
        RowError: the score is missing or outside the range asked for.
    """
    outcome = _outcome(dumped, asked)
    task = Task(prompt_text(problem), problem.ground_truth)
    return {
        **dict.fromkeys(name for name in LEDGER_SCHEMA.names if name != "row_hash"),
        "problem_id": problem.id,
        "problem_hash": problem.content_hash,
        "domain": problem.domain,
        "data_source": problem.data_source,
        "prompt": task.prompt,
        "response": None if dumped.response is None else storable(dumped.response),
        "finish_reason": dumped.finish_reason,
        "prompt_tokens": dumped.prompt_tokens,
        "completion_tokens": dumped.completion_tokens,
        "verifier": problem.verifier if "status" in outcome else None,
        "evidence": storable(canonical_json(dumped.evidence)) if "status" in outcome else None,
        "detectors": None if dumped.response is None else detect(task, problem.verifier, dumped.response),
        **outcome,
    }


def _outcome(dumped: Dumped, asked: Asked) -> Row:
    """The columns that say what became of a rollout."""
    if dumped.failed and dumped.response is None:
        return {"reason": "rollout_failed", "used": False, "dropped_reason": "rollout_failed"}
    if dumped.failed or dumped.reward is None:
        reason = "rollout_failed" if dumped.failed else "no_reward"
        status = VerdictStatus.UNDECIDED.value
        return {"status": status, "reason": reason, "used": False, "dropped_reason": "undecided"}
    evaluated = asked.evaluation or not dumped.trained
    return {
        "status": VerdictStatus.GRADED.value,
        "score": _score(dumped.score, asked),
        "reason": "imported",
        "reward": dumped.reward,
        "advantage": dumped.advantage,
        "used": not evaluated,
        "dropped_reason": "evaluation" if evaluated else None,
    }


def _score(score: float | None, asked: Asked) -> float:
    if score is None:
        raise RowError("there is a reward and no score")
    found = (score - asked.low) / (asked.high - asked.low)
    if not -ROUNDING <= found <= 1 + ROUNDING:
        raise RowError(
            f"the score {score:g} is not from {asked.low:g} to {asked.high:g}: give its --range, "
            "or the --score that says right or wrong"
        )
    nearest = float(round(found))
    return nearest if abs(found - nearest) <= ROUNDING else found
