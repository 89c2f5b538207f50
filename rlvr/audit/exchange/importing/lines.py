"""JSON lines of foreign files, read in bounded memory.

file (.jsonl or .jsonl.gz) --read_lines--> (number from 1, bytes) --parse_line--> record, or RowError
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from guru_data.errors import RowError, SourceError

MAX_LINE_BYTES = 64 * 2**20
"""A longer line is refused; the rest of it is skipped and never in memory."""


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank; of one that is too long its beginning, longer than allowed.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        with _opened(path) as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                rest = line
                while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
                    rest = file.readline(MAX_LINE_BYTES + 1)
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"cannot read {path}: {error}") from error


def parse_line(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; raises RowError."""
    if len(line) > MAX_LINE_BYTES:
        raise RowError(f"the line is longer than {MAX_LINE_BYTES // 2**20} MiB")
    try:
        record = json.loads(line)
    except RecursionError as error:
        raise RowError("the line is nested too deeply") from error
    except ValueError as error:  # of which broken UTF-8 is one
        raise RowError(f"the line is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise RowError(f"the line is {type(record).__name__}, not an object")
    return record


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
