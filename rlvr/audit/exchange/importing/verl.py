"""verl: what `trainer.rollout_data_dir` and `trainer.validation_data_dir` make it write.

    <global step>.jsonl: {"input", "output", "gts", "score", "step", <reward extra infos>}

Read in `_write_generations` and `_log_rollout_data` of verl 0.9.1, both trainers (`ppo/ray_trainer.py` and
`ppo/v1/trainer_base.py`). What follows from it:

- `input` is the prompt with the chat template applied and special tokens dropped: one user message here.
- `score` is the sum of the token-level scores, before any KL penalty; advantages are not dumped. Rewards of
  -1 and 1 (DAPO) need `Asked.low` and `Asked.high`, or `Asked.score` where `acc` is dumped.
- Rows are not in the order of their groups (batches are balanced): siblings share `uid` up to its last two
  parts, which only the newer trainer dumps, or else prompt and reference.
- A validation dump looks the same: say `Asked.evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.audit.exchange.importing.base import Asked, Dumped
from rlvr.audit.exchange.importing.lines import parse_line, read_lines
from rlvr.audit.exchange.importing.values import (
    lookup,
    messages,
    name_or_none,
    reward_and_score,
    step_of,
    text,
    truth_of,
)


class VerlFormat:
    """Reads generation dumps."""

    def files(self, path: Path) -> list[Path]:
        if path.is_file():
            return [path]
        found = [file for file in path.glob("*.jsonl") if file.stem.isdecimal()]
        return sorted(found, key=lambda file: int(file.stem))

    def records(self, file: Path) -> Iterator[tuple[int, Any]]:
        return read_lines(file)

    def rollout(self, record: bytes, asked: Asked) -> Dumped:
        row = parse_line(record)
        reward, score = reward_and_score(row, asked, (("score", 1.0),))
        uid = row.get("uid")
        return Dumped(
            step=step_of(lookup(row, "step")),
            prompt=messages(text(lookup(row, "input"), "input")),
            response=text(lookup(row, "output"), "output"),
            truth=truth_of(row, asked, ("gts",)),
            reward=reward,
            score=score,
            group=uid.rsplit("_", 2)[0] if isinstance(uid, str) else None,
            data_source=name_or_none(row.get("data_source")),
        )
