"""verifiers and prime-rl (PrimeIntellect): rollouts as JSON lines, in either of two records.

    outputs/evals/<env>--<model>/<id>/results.jsonl           `vf-eval -s`: nothing is trained on it
    <output_dir>/rollouts/step_<N>/train_rollouts.jsonl[.gz]  prime-rl's orchestrator

*Flat*, `RolloutOutput` of `verifiers/utils/save_utils.py`, and results that are committed in that repository:
`prompt, completion, answer, info, reward, error, is_completed, is_truncated, metrics, token_usage,
example_id` (`id` in older ones), `task`. *Graph*, `Trace.to_record()` of `verifiers/v1/trace.py`: `nodes` of
`{parent, sampled, message}`, `rewards` of `{score, weight}`, `task`, `calls`, `errors`.

- A rollout with an error has reward 0 in the flat record; here it has none.
- Of a completion in several turns the last assistant message is kept, which is what gets graded.
- A graph with more than one leaf (retries, compaction, sub-agents) is refused: it is no one response.
- Not read: binary transports (`*.bin`), and advantages of graphs, which are per token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from guru_data.errors import RowError
from rlvr.audit.exchange.importing.base import Asked, Dumped
from rlvr.audit.exchange.importing.lines import parse_line, read_lines
from rlvr.audit.exchange.importing.values import (
    last_reply,
    lookup,
    messages,
    name_or_none,
    number,
    reward_and_score,
    truth_of,
    whole,
)
from rlvr.rollouts import FinishReason

_NAMES = ("results.jsonl", "train_rollouts.jsonl", "train_rollouts.jsonl.gz")
_STEP_FOLDER = re.compile(r"step_(\d{1,9})")


class VerifiersFormat:
    """Reads results of vf-eval and rollouts of prime-rl."""

    def __init__(self) -> None:
        self._step, self._trained = 0, False

    def files(self, path: Path) -> list[Path]:
        if path.is_file():
            return [path]
        found = [file for name in _NAMES for file in path.rglob(name)]
        return sorted(found, key=lambda file: (_step(file), str(file)))

    def records(self, file: Path) -> Iterator[tuple[int, Any]]:
        self._step, self._trained = _step(file), not file.name.startswith("results")
        return read_lines(file)

    def rollout(self, record: bytes, asked: Asked) -> Dumped:
        row = parse_line(record)
        return self._graph(row, asked) if "nodes" in row else self._flat(row, asked)

    def _flat(self, row: Mapping[str, Any], asked: Asked) -> Dumped:
        failed = bool(row.get("error"))
        reward, score = (None, None) if failed else reward_and_score(row, asked, (("reward", 1.0),))
        completion, usage = row.get("completion"), row.get("token_usage")
        once = isinstance(completion, str) or (isinstance(completion, list) and len(completion) == 1)
        counted = usage if once and isinstance(usage, Mapping) else {}
        example = row.get("example_id", row.get("id"))
        return Dumped(
            step=self._step,
            prompt=messages(lookup(row, "prompt")),
            response=None if completion is None else last_reply(completion),
            truth=truth_of(row, asked, ("answer",)),
            reward=reward,
            score=score,
            group=None if example is None else f"{row.get('task')}/{example}"[:200],
            advantage=number(row.get("advantage"), "advantage"),
            data_source=name_or_none(row.get("task")),
            finish_reason=_finish(row),
            prompt_tokens=whole(counted.get("input_tokens"), "input_tokens"),
            completion_tokens=whole(counted.get("output_tokens"), "output_tokens"),
            failed=failed or completion is None,
            trained=self._trained,
            evidence={"metrics": _numbers(row.get("metrics"))},
        )

    def _graph(self, row: Mapping[str, Any], asked: Asked) -> Dumped:
        failed = bool(row.get("errors"))
        prompt, completion = _turns(row["nodes"])
        flat = dict(row) | {"reward": _weighted(row.get("rewards"))}
        reward, score = (None, None) if failed else reward_and_score(flat, asked, (("reward", 1.0),))
        calls = row.get("calls")
        last = calls[-1] if isinstance(calls, list) and calls and isinstance(calls[-1], Mapping) else {}
        task = row.get("task")
        return Dumped(
            step=self._step,
            prompt=messages(prompt),
            response=last_reply(completion) if completion else None,
            truth=truth_of(row, asked, ("task.data.answer", "task.answer")),
            reward=reward,
            score=score,
            data_source=name_or_none(task.get("type")) if isinstance(task, Mapping) else None,
            finish_reason="length" if last.get("finish_reason") == "length" else None,
            failed=failed or not completion,
            trained=self._trained,
            evidence={"metrics": _numbers(row.get("metrics"))},
        )


def _step(file: Path) -> int:
    match = _STEP_FOLDER.fullmatch(file.parent.name)
    return int(match[1]) if match else 0


def _turns(nodes: Any) -> tuple[list[Any], list[Any]]:
    """The messages before the first that the model wrote, and those from there on."""
    if not isinstance(nodes, list) or not all(isinstance(node, Mapping) for node in nodes):
        raise RowError("nodes is no list of nodes")
    for index, node in enumerate(nodes):
        if node.get("parent") != (index - 1 if index else None):
            raise RowError("the trace branches: it is no one response to grade")
    sampled = [bool(node.get("sampled")) for node in nodes]
    begin = sampled.index(True) if True in sampled else len(nodes)
    turns = [node.get("message") for node in nodes]
    return turns[:begin], turns[begin:]


def _weighted(rewards: Any) -> float | None:
    """The sum of a trace's rewards; None if none was given."""
    if not isinstance(rewards, Mapping):
        raise RowError("rewards is no object")
    total: float | None = None
    for name, value in rewards.items():
        score, weight = (
            (value.get("score"), value.get("weight", 1.0)) if isinstance(value, Mapping) else (value, 1)
        )
        found, factor = number(score, f"reward {name!r}"), number(weight, f"weight of {name!r}")
        if found is not None and factor is not None:
            total = (total or 0.0) + found * factor
    return total


def _finish(row: Mapping[str, Any]) -> FinishReason | None:
    if row.get("is_truncated") is True:
        return "length"
    return "stop" if row.get("is_completed") is True else None


def _numbers(metrics: Any) -> dict[str, Any]:
    given = metrics if isinstance(metrics, Mapping) else {}
    found = {str(name): number(value, f"metric {name!r}") for name, value in given.items()}
    return {name: value for name, value in found.items() if value is not None}
