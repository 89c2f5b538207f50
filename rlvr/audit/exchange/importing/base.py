"""What a format makes of a trainer's files, and what a person has to say besides.

    PATH --files--> files --records--> (number, raw record) --rollout--> Dumped, or RowError

A format knows where its trainer puts files and what their keys mean. What becomes of a rollout in the books
is the same for all of them and stands in `fate.py`. Formats hold state from row to row: one for each reading.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import JsonValue

from guru_data import Message
from rlvr.errors import ConfigError
from rlvr.rollouts import FinishReason


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says about a dump that the dump cannot."""

    verifier: str
    """Which verifier of ours reads the references; it did not give these rewards."""
    truth: str | None = None
    """Where the reference is: a key, or keys joined by dots; None is the format's own place."""
    dataset: Path | None = None
    """JSONL or Parquet with `prompt` and the reference, for dumps that hold none; joined by equal prompts."""
    rewards: tuple[tuple[str, float], ...] = ()
    """Keys that add up to the reward, each with its weight; none is the format's own."""
    score: str | None = None
    """Key of what says right or wrong, where the reward holds other terms too; None is the reward."""
    low: float = 0.0
    """The score of a wrong answer."""
    high: float = 1.0
    """The score of a right one."""
    evaluation: bool = False
    """Nothing was trained on these rollouts."""


@dataclass(frozen=True, slots=True)
class Dumped:
    """One rollout as a dump tells it; None where it does not."""

    step: int
    prompt: tuple[Message, ...]
    response: str | None
    """The last that the model wrote, which is what gets graded; None: it never finished."""
    truth: JsonValue
    reward: float | None
    score: float | None
    group: str | None = None
    """What siblings of one step share; None: those with the same prompt and reference are siblings."""
    advantage: float | None = None
    data_source: str | None = None
    finish_reason: FinishReason | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    failed: bool = False
    """The trainer noted an error of its own, and its reward is none."""
    trained: bool = True
    evidence: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not in the books, and why."""

    file: str
    row: int
    """Lines of text are counted from 1, rows of Parquet from 0."""
    reason: str


class Format(Protocol):
    """How one trainer dumps rollouts."""

    def files(self, path: Path) -> list[Path]:
        """The files of a dump in the order of their steps; `path` is one of them or the folder of all."""

    def records(self, file: Path) -> Iterator[tuple[int, Any]]:
        """The raw records of a file with their numbers, a few in memory; SourceError: it cannot be read."""

    def rollout(self, record: Any, asked: Asked) -> Dumped:
        """What a record of the file last begun says; RowError: it is malformed."""


FORMATS: dict[str, str] = {
    "trl": "rlvr.audit.exchange.importing.trl:TrlFormat",
    "verl": "rlvr.audit.exchange.importing.verl:VerlFormat",
    "verifiers": "rlvr.audit.exchange.importing.verifiers_traces:VerifiersFormat",
}


def open_format(name: str) -> Format:
    """The format of a name in the table; raises ConfigError if there is none."""
    if name not in FORMATS:
        raise ConfigError(f"no format {name!r}; have {', '.join(FORMATS)}")
    module, _, class_name = FORMATS[name].partition(":")
    return cast(Format, getattr(importlib.import_module(module), class_name)())
