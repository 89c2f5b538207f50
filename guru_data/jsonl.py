"""A person's own problems: one JSON object per line.

    {"prompt": "2 + 2 = ?", "ground_truth": "4", "verifier": "math", "domain": "math"}

Required: `prompt` (a text, or a list of messages), `ground_truth`, `verifier`, `domain`. Optional:
`id`, `data_source`, `extra`, `licence`, `split` (`train` or `heldout`; else a hash of prompt and
reference decides). Blank lines are skipped; anything else that does not fit is an error that
names the line, because a training set that shrinks in silence is worse than none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from guru_data.config import JsonlConfig
from guru_data.errors import SourceError
from guru_data.problem import Message, Problem, Split
from guru_data.splits import side_of

Text = Annotated[str, Field(min_length=1)]


class Row(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Text | Annotated[tuple[Message, ...], Field(min_length=1)]
    ground_truth: JsonValue
    verifier: Text
    domain: Text
    id: Text | None = None
    data_source: Text | None = None
    extra: dict[str, JsonValue] = {}
    licence: str | None = None
    split: Split | None = None


class JsonlSource:
    """Reads the file anew for each split; holds no rows."""

    def __init__(self, config: JsonlConfig) -> None:
        self._config = config

    def problems(self, split: Split) -> Iterator[Problem]:
        seen: dict[str, int] = {}
        for number, row in _rows(self._config.path):
            problem = self._problem(number, row)
            if problem.id in seen:
                taken = f"id {problem.id!r} is already taken by line {seen[problem.id]}"
                raise SourceError(f"{self._config.path}:{number}: {taken}")
            seen[problem.id] = number
            if problem.split == split:
                yield problem

    def _problem(self, number: int, row: Row) -> Problem:
        path = self._config.path
        prompt = (Message(role="user", content=row.prompt),) if isinstance(row.prompt, str) else row.prompt
        content = json.dumps([[turn.content for turn in prompt], row.ground_truth], sort_keys=True)
        return Problem(
            id=row.id or f"{path.stem}/{hashlib.sha256(content.encode()).hexdigest()[:16]}",
            prompt=prompt,
            domain=row.domain,
            data_source=row.data_source or path.stem,
            verifier=row.verifier,
            ground_truth=row.ground_truth,
            extra=row.extra,
            source=f"{path.name}:{number}",
            licence=row.licence or self._config.licence,
            split=row.split or side_of(content, heldout_share=self._config.heldout_share),
        )


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Line numbers (from 1) and rows."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _parse(path, number, line)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error


def _parse(path: Path, number: int, line: str) -> Row:
    try:
        return Row.model_validate_json(line)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "row"
        raise SourceError(f"{path}:{number}: {place}: {fault['msg']}") from error
