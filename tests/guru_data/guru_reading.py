"""Read made Guru files back, and one row to change at will."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from guru_data import GuruConfig, Problem, Rejected
from guru_data.guru.source import GuruSource
from tests.guru_data.guru_files import math_row, pass_rates

EVERY_FILE = ("train/*.parquet", "online_eval/*.parquet", "offline_eval/*.parquet")


def read(folder: Path, **changes: Any) -> list[Problem | Rejected]:
    config = GuruConfig(**{"path": folder, "files": EVERY_FILE} | changes)
    return list(GuruSource(config).rows())


def problems(folder: Path, **changes: Any) -> list[Problem]:
    rows = read(folder, **changes)
    assert [row for row in rows if isinstance(row, Rejected)] == []
    return [row for row in rows if isinstance(row, Problem)]


def one_math_row(**changes: Any) -> dict[str, Any]:
    return math_row(Random(0), 0) | pass_rates(Random(0)) | changes
