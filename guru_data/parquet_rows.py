"""Read a Parquet file row by row in bounded memory, whatever the size of its row groups.

    file --row group by row group, a few MiB at a time--> (row number, {column: plain Python value})

One Guru file is 3.3 GB in 440 rows: batches are cut by bytes, and column chunks are read through a
buffer and never whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from guru_data.errors import SourceError

_BATCH_BYTES = 16 * 2**20
_MAX_BATCH_ROWS = 1024
_BUFFER_BYTES = 2**20


def parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows with their numbers, from 0; nested columns come as lists and dicts.

    Raises:
        SourceError: the file cannot be read, or is no Parquet file.
    """
    number = 0
    try:
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            for group in range(file.num_row_groups):
                facts = file.metadata.row_group(group)
                row_bytes = facts.total_byte_size // max(1, facts.num_rows) + 1
                size = max(1, min(_MAX_BATCH_ROWS, _BATCH_BYTES // row_bytes))
                for batch in file.iter_batches(size, row_groups=[group], use_threads=False):
                    for row in batch.to_pylist():
                        yield number, row
                        number += 1
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"cannot read {path} at row {number}: {error}") from error


def parquet_metadata(path: Path) -> dict[bytes, bytes]:
    """The key-value pairs that the writer left in the file's schema; raises SourceError as above."""
    try:
        return dict(pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"cannot read {path}: {error}") from error
