"""Read the questions of local benchmark files, of whatever layout.

    AIME.jsonl | gpqa.parquet | a Guru evaluation file --first known column--> [(place, question)]

Benchmarks call their question `problem`, `question`, `prompt` and more; a prompt may be a list of
messages. A file without such a column is an error, because a benchmark that is not read protects
nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from guru_data.errors import SourceError

QUESTION_COLUMNS = ("problem", "question", "question_content", "Question", "raw_prompt", "prompt", "text")


class BenchmarkQuestion(NamedTuple):
    """One question and where it stands."""

    place: str
    """File name and line (from 1) or row (from 0)."""
    text: str


def read_benchmarks(paths: Iterable[Path]) -> Iterator[BenchmarkQuestion]:
    """The questions of `.jsonl` and `.parquet` files.

    Raises:
        SourceError: a file cannot be read, is of another kind, or a row of it has no question.
    """
    for path in paths:
        read = {".jsonl": _lines, ".parquet": _parquet}.get(path.suffix)
        if read is None:
            raise SourceError(f"benchmark {path}: only .jsonl and .parquet files are read")
        for number, row in read(path):
            place = f"{path.name}:{number}"
            yield BenchmarkQuestion(place, _question(row, place))


def _question(row: Any, place: str) -> str:
    if isinstance(row, Mapping):
        for column in QUESTION_COLUMNS:
            value = row.get(column)
            if isinstance(value, list) and value and isinstance(value[-1], Mapping):
                value = value[-1].get("content")
            if isinstance(value, str) and value.strip():
                return value
    raise SourceError(f"benchmark {place}: no question in any of the columns {', '.join(QUESTION_COLUMNS)}")


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, json.loads(line)
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"cannot read benchmark {path}: {error}") from error


def _parquet(path: Path) -> Iterator[tuple[int, Any]]:
    from guru_data.parquet_rows import parquet_rows  # pyarrow is not needed for .jsonl

    yield from parquet_rows(path)
