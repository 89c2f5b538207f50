"""References from the dataset that a run was trained on, for dumps that hold none.

    JSONL or Parquet with `prompt` and a column of references --Truths--> the reference of a prompt

Rows are joined by equal prompts, roles included. In memory is a hash and the reference of each prompt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from guru_data import Message
from guru_data.errors import RowError, SourceError
from guru_data.parquet_rows import parquet_rows
from rlvr.audit.books.schema import canonical_json
from rlvr.audit.exchange.importing.lines import parse_line, read_lines
from rlvr.audit.exchange.importing.values import lookup, messages


class Truths:
    """The references of a dataset.

    Raises:
        SourceError: the file cannot be read, or a row of it has no prompt or no reference; names the row.
    """

    def __init__(self, dataset: Path, column: str) -> None:
        self._dataset = dataset
        self._of: dict[bytes, JsonValue] = {}
        self._contested: set[bytes] = set()
        for number, row in _rows(dataset):
            try:
                key, truth = _key(messages(lookup(row, "prompt"))), lookup(row, column)
            except RowError as error:
                raise SourceError(f"{dataset}, row {number}: {error}") from error
            if self._of.setdefault(key, truth) != truth:
                self._contested.add(key)

    def of(self, prompt: Sequence[Message]) -> JsonValue:
        """The reference of a prompt; raises RowError if the dataset has none, or two that differ."""
        key = _key(prompt)
        if key not in self._of:
            raise RowError(f"the prompt is not in {self._dataset.name}")
        if key in self._contested:
            raise RowError(f"{self._dataset.name} has two references for the prompt")
        return self._of[key]


def _rows(dataset: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if dataset.suffix == ".parquet":
        yield from parquet_rows(dataset)
    else:
        for number, line in read_lines(dataset):
            try:
                row = parse_line(line)
            except RowError as error:
                raise SourceError(f"{dataset}, line {number}: {error}") from error
            yield number, row


def _key(prompt: Sequence[Message]) -> bytes:
    """What is kept of a prompt: 16 bytes, whatever its length."""
    turns = [[message.role, message.content] for message in prompt]
    return hashlib.sha256(canonical_json(turns).encode()).digest()[:16]
