"""Rows of a person's own data, from whatever kind of file, as problems.

    {prompt, ground_truth, verifier, domain, ...} -> Problem

Required: `prompt` (a text, or a list of messages), `ground_truth`, `verifier`, `domain`. Optional:
`id`, `data_source`, `extra`, `licence`, `difficulty`, `pass_rates`, `source` and `split` (`train` or
`heldout`; else a hash of prompt and reference decides).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from guru_data.errors import RowError
from guru_data.problem import Message, PassRate, Problem, Rejected, Split
from guru_data.splits import side_of

Text = Annotated[str, Field(min_length=1)]


class OwnRow(BaseModel):
    """One row, its keys as the person wrote them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Text | Annotated[tuple[Message, ...], Field(min_length=1)]
    ground_truth: JsonValue
    verifier: Text
    domain: Text
    id: Text | None = None
    data_source: Text | None = None
    extra: dict[str, JsonValue] = {}
    source: Text | None = None
    licence: str | None = None
    split: Split | None = None
    difficulty: str | None = None
    pass_rates: dict[str, PassRate] = {}


class OwnRows:
    """Makes problems of one file's rows, in order; knows the ids given so far.

    Args:
        place: what the file's rows are called in messages, `line` or `row`.
    """

    def __init__(self, path: Path, *, heldout_share: float, licence: str, place: str) -> None:
        self._path = path
        self._heldout_share = heldout_share
        self._licence = licence
        self._place = place
        self._taken: dict[str, int] = {}

    def problem(self, number: int, row: OwnRow) -> Problem:
        """The problem in row `number`; raises RowError if its id is taken."""
        prompt = (Message(role="user", content=row.prompt),) if isinstance(row.prompt, str) else row.prompt
        content = json.dumps([[turn.content for turn in prompt], row.ground_truth], sort_keys=True)
        name = row.id or f"{self._path.stem}/{hashlib.sha256(content.encode()).hexdigest()[:16]}"
        if name in self._taken:
            raise RowError(f"id {name!r} is already taken by {self._place} {self._taken[name]}")
        self._taken[name] = number
        return Problem(
            id=name,
            prompt=prompt,
            domain=row.domain,
            data_source=row.data_source or self._path.stem,
            verifier=row.verifier,
            ground_truth=row.ground_truth,
            extra=row.extra,
            source=row.source or f"{self._path.name}:{number}",
            licence=row.licence or self._licence,
            split=row.split or side_of(content, heldout_share=self._heldout_share),
            difficulty=row.difficulty,
            pass_rates=row.pass_rates,
        )

    def rejected(self, number: int, error: RowError) -> Rejected:
        """What stands in the place of a row that is no problem."""
        return Rejected(f"{self._path}:{number}", error.reason, str(error))


def fault_of(error: ValidationError) -> str:
    """The first thing wrong with a row: where, and what."""
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'row'}: {fault['msg']}"
