"""A person's own Parquet file: native columns, nested references, and rows that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guru_data import Message, ParquetConfig, Problem, SourceError, load_problems
from guru_data.parquet import ParquetSource

ROW = {"prompt": "Sort them.", "ground_truth": ["a", "b"], "verifier": "ordering", "domain": "logic"}


def write(path: Path, *rows: dict[str, Any]) -> ParquetConfig:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return ParquetConfig(path=path, heldout_share=0.0, licence="MIT")


def test_columns_of_any_shape_become_problems_with_provenance(tmp_path: Path) -> None:
    chat = [{"role": "user", "content": "Solve it."}]
    table = {"header": ["a"], "rows": [["1"]]}
    write(tmp_path / "a.parquet", ROW | {"id": "own", "pass_rates": {"mine": 0.5}})
    write(tmp_path / "b.parquet", ROW | {"prompt": chat, "ground_truth": table, "verifier": "zebra"})
    found = [
        load_problems(ParquetConfig(path=tmp_path / name, heldout_share=0.0, licence="MIT"), "train")
        for name in ("a.parquet", "b.parquet")
    ]
    (first,), (second,) = found
    assert (first.id, first.ground_truth, first.pass_rates) == ("own", ["a", "b"], {"mine": 0.5})
    assert (first.source, first.licence) == ("a.parquet:0", "MIT")
    assert second.prompt == (Message(role="user", content="Solve it."),)
    assert second.ground_truth == table


def test_a_null_is_a_missing_key(tmp_path: Path) -> None:
    config = write(tmp_path / "mine.parquet", ROW | {"id": "named"}, ROW | {"id": None, "prompt": "Again."})
    assert [problem.id[:5] for problem in load_problems(config, "train")] == ["named", "mine/"]


def test_a_row_that_does_not_fit_is_an_error_with_its_number_and_kept_apart_for_prepare(
    tmp_path: Path,
) -> None:
    config = write(tmp_path / "mine.parquet", ROW, ROW | {"prompt": "", "id": "x"}, ROW)
    with pytest.raises(SourceError, match=r"mine.parquet:1: prompt"):
        load_problems(config, "train")
    rows = list(ParquetSource(config).rows())
    assert [type(row) is Problem for row in rows] == [True, False, False]
    assert "already taken by row 0" in str(rows[2])


def test_a_folder_that_was_not_prepared_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds no train.parquet"):
        load_problems(ParquetConfig(path=tmp_path), "train")
