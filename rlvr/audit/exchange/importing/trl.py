"""TRL: what `GRPOTrainer` and `RLOOTrainer` write with `log_completions=True`.

    output_dir/completions/completions_00010.parquet: step, prompt, completion, <reward functions>,
        <columns of log_extra>, advantage

Read in `GRPOTrainer.log` of trl 1.16.0. What follows from it:

- Rewards are unweighted, one column each, NaN where a function returned None. Nothing tells them from extra
  columns, so that they are to be named where there is more than one column of numbers.
- The dataset's columns are not in the file. The reference comes from a column that a reward function wrote
  with `log_extra`, or from the dataset itself (`Asked.dataset`).
- The file holds the last generation batch, whichever step is logged: with `logging_steps` above 1 the steps
  between are not there, and with `num_iterations` above 1 the same rollouts come again. A file that repeats
  the one before it is left out.
- Completions of an evaluation go into the same buffer and file, and cannot be told apart.
- Siblings stand side by side, so that a new prompt begins a new group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from guru_data.errors import RowError, SourceError
from guru_data.parquet_rows import parquet_rows
from rlvr.audit.exchange.importing.base import Asked, Dumped
from rlvr.audit.exchange.importing.values import (
    last_reply,
    messages,
    name_or_none,
    number,
    reward_and_score,
    step_of,
    truth_of,
)

NOT_REWARDS = {"step", "prompt", "completion", "advantage"}


class TrlFormat:
    """Reads completion tables."""

    def __init__(self) -> None:
        self._numbers: list[str] = []
        self._seen: tuple[str, str] = ("", "")
        self._repeated: str | None = None
        self._group, self._prompt = 0, None

    def files(self, path: Path) -> list[Path]:
        if path.is_file():
            return [path]
        folder = path / "completions" if (path / "completions").is_dir() else path
        return sorted(folder.glob("completions_*.parquet"))

    def records(self, file: Path) -> Iterator[tuple[int, Any]]:
        self._numbers = _number_columns(file)
        digest = _content(file)
        repeats, self._repeated = digest == self._seen[1], None
        if repeats:
            self._repeated = self._seen[0]
        else:
            self._seen = (file.name, digest)
        self._prompt = None
        return parquet_rows(file)

    def rollout(self, record: Mapping[str, Any], asked: Asked) -> Dumped:
        if self._repeated is not None:
            raise RowError(f"the same rollouts as in {self._repeated}, logged again")
        if record["prompt"] != self._prompt:
            self._group, self._prompt = self._group + 1, record["prompt"]
        reward, score = reward_and_score(record, asked, self._own_reward(asked))
        columns = {key: number(record.get(key), key) for key in self._numbers}
        return Dumped(
            step=step_of(record["step"]),
            prompt=messages(record["prompt"]),
            response=last_reply(record["completion"]),
            truth=truth_of(record, asked, ("ground_truth",)),
            reward=reward,
            score=score,
            group=str(self._group),
            advantage=number(record.get("advantage"), "advantage"),
            data_source=name_or_none(record.get("data_source")),
            evidence={"columns": {key: value for key, value in columns.items() if value is not None}},
        )

    def _own_reward(self, asked: Asked) -> list[tuple[str, float]]:
        if not asked.rewards and len(self._numbers) != 1:
            have = ", ".join(self._numbers) or "none"
            raise RowError(f"say which columns are the reward with --reward; columns of numbers: {have}")
        return [(name, 1.0) for name in self._numbers]


def _number_columns(file: Path) -> list[str]:
    """The columns that may be rewards; raises SourceError if this is no completion table."""
    try:
        schema = pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"cannot read {file}: {error}") from error
    if missing := {"step", "prompt", "completion"} - set(schema.names):
        raise SourceError(f"{file} is no completion table of TRL: it lacks {', '.join(sorted(missing))}")
    return [
        field.name
        for field in schema
        if field.name not in NOT_REWARDS
        and (pa.types.is_floating(field.type) or pa.types.is_integer(field.type))
    ]


def _content(file: Path) -> str:
    """A hash of all rows but their step."""
    digest = hashlib.sha256()
    for _, row in parquet_rows(file):
        row.pop("step")
        digest.update(repr(row).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()
