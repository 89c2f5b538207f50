"""The Guru source: every file's schema becomes problems, and no row goes missing without a reason."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guru_data import (
    GuruConfig,
    Problem,
    Rejected,
    SourceConfigError,
    SourceError,
    load_problems,
    parse_source_config,
)
from guru_data.errors import RowError
from guru_data.grading import ProblemGrader, ReferenceOutcome
from guru_data.guru.routes import ROUTES
from guru_data.guru.rows import problem_of_row
from guru_data.stored import stored_problem, stored_row
from tests.guru_data.guru_files import EVAL_FILES, TRAIN_FILES, write_guru, write_rows
from tests.guru_data.guru_reading import one_math_row, problems, read
from verifiers.registry import DATA_SOURCES


@pytest.mark.parametrize("file", [*TRAIN_FILES, *EVAL_FILES])
def test_every_row_of_every_file_becomes_a_problem_that_its_verifier_accepts(
    file: str, tmp_path: Path
) -> None:
    write_guru(tmp_path, {file: 6})
    found = problems(tmp_path)
    assert [problem.source for problem in found] == [f"{file}:{number}" for number in range(6)]
    assert {problem.licence for problem in found} == {"MIT"}
    wanted = ReferenceOutcome.NO_REFERENCE if "livecodebench" in file else ReferenceOutcome.ACCEPTED
    with ProblemGrader() as grader:
        assert {grader.check_reference(problem).outcome for problem in found} == {wanted}


def test_our_routes_are_those_of_the_verifiers() -> None:
    ours = {prefix.removesuffix("__"): route.verifier for prefix, route in ROUTES.items()}
    assert ours == dict(DATA_SOURCES)


def test_the_whole_folder_loads_with_ids_of_its_own_and_six_domains(tmp_path: Path) -> None:
    write_guru(tmp_path, dict.fromkeys([*TRAIN_FILES, *EVAL_FILES], 4))
    found = problems(tmp_path)
    assert len({problem.id for problem in found}) == len(found) == 4 * 17
    assert {problem.domain for problem in found} == {
        "math",
        "code",
        "logic",
        "simulation",
        "table",
        "science",
    }


def test_pass_rates_that_were_not_measured_are_left_out(tmp_path: Path) -> None:
    weak = [0.25, None, float("nan")]
    rows = [one_math_row(**{"qwen2.5_7b_pass_rate": rate, "qwen3_30b_pass_rate": 1.0}) for rate in weak]
    write_rows(tmp_path / "train" / "math.parquet", rows)
    assert [problem.pass_rates for problem in problems(tmp_path)] == [
        {"qwen2.5_7b": 0.25, "qwen3_30b": 1.0},
        {"qwen3_30b": 1.0},
        {"qwen3_30b": 1.0},
    ]


def test_stated_difficulty_is_kept(tmp_path: Path) -> None:
    write_guru(tmp_path, {"train/stem__web_3.6k.parquet": 1})
    assert problems(tmp_path)[0].difficulty == "University"


def test_rows_of_the_evaluation_folders_are_held_out_and_training_rows_by_hash(tmp_path: Path) -> None:
    write_guru(tmp_path, {"train/math__combined_54.4k.parquet": 200} | dict.fromkeys(EVAL_FILES, 5))
    sides = {problem.source: problem.split for problem in problems(tmp_path, heldout_share=0.2)}
    assert {side for source, side in sides.items() if source.startswith("offline")} == {"heldout"}
    assert 20 < [side for source, side in sides.items() if source.startswith("train")].count("heldout") < 60


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"data_source": "ood__ifeval"}, "unknown_data_source", id="unknown-source"),
        pytest.param({"data_source": None}, "missing_column", id="no-source"),
        pytest.param({"reward_model": {"style": "rule"}}, "missing_column", id="no-reference"),
        pytest.param({"reward_model": {"ground_truth": ""}}, "malformed_ground_truth", id="empty-reference"),
        pytest.param({"data_source": "codegen__taco"}, "malformed_ground_truth", id="tests-not-json"),
        pytest.param({"data_source": "simulation__barc"}, "malformed_ground_truth", id="no-grid"),
        pytest.param({"data_source": "logic__zebra_puzzle"}, "malformed_ground_truth", id="no-table"),
        pytest.param({"data_source": "stem__gpqa"}, "malformed_ground_truth", id="no-letter"),
        pytest.param({"prompt": None}, "missing_column", id="no-prompt"),
        pytest.param({"prompt": [{"role": "robot", "content": "?"}]}, "malformed_row", id="unknown-role"),
        pytest.param({"apply_chat_template": False}, "missing_column", id="no-raw-prompt"),
        pytest.param({"qwen3_30b_pass_rate": 1.5}, "malformed_row", id="rate-above-one"),
        pytest.param({"extra_info": "H4sIbroken"}, "malformed_row", id="damaged-packing"),
    ],
)
def test_a_bad_row_is_kept_apart_with_its_place_and_reason_and_the_rest_goes_on(
    changes: dict[str, Any], reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_rows(tmp_path / "train" / "a.parquet", [one_math_row(**changes)])
    write_rows(tmp_path / "train" / "b.parquet", [one_math_row()])
    bad, good = read(tmp_path)
    assert isinstance(bad, Rejected)
    assert (bad.source, bad.reason) == ("train/a.parquet:0", reason)
    assert bad.detail
    assert isinstance(good, Problem)
    with caplog.at_level(logging.WARNING):
        assert load_problems(GuruConfig(path=tmp_path, heldout_share=0.0), "train") == [
            good.model_copy(update={"split": "train"})
        ]
    assert f"1 rows left out (1 {reason})" in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    column=st.sampled_from(sorted(one_math_row())),
    value=JSON,
    truth=JSON,
    data_source=st.sampled_from(sorted(ROUTES)),
)
def test_whatever_stands_in_a_column_a_row_is_a_problem_or_says_why_not(
    column: str, value: Any, truth: Any, data_source: str
) -> None:
    row = one_math_row(data_source=data_source, reward_model={"ground_truth": truth}) | {column: value}
    try:
        found = problem_of_row(row, "train/a.parquet", 0, GuruConfig(path=Path("guru")))
    except RowError:
        return
    assert stored_problem(stored_row(found)) == found


def test_one_huge_row_group_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """Two hundred megabytes in one row group; reading it whole would need more than that."""
    path = tmp_path / "train" / "codegen__livecodebench_440.parquet"
    path.parent.mkdir()
    truth = json.dumps({"inputs": ["7" * 4_000_000], "outputs": ["1"]})
    rows = [
        one_math_row(data_source="codegen__livecodebench") | {"reward_model": {"ground_truth": f"{truth} "}}
        for _ in range(2)
    ]
    table = pa.concat_tables([pa.Table.from_pylist(rows)] * 25)
    pq.write_table(table, path, use_dictionary=False, compression="none")
    assert pq.ParquetFile(path).num_row_groups == 1
    program = (
        "import resource, sys\nfrom pathlib import Path\nfrom guru_data import Domain, GuruConfig\n"
        "from guru_data.guru.source import GuruSource\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "source = GuruSource(GuruConfig(path=Path(sys.argv[1])))\n"
        "import guru_data.parquet_rows\nbefore = peak()\n"
        "count = sum(1 for _ in source.rows())\nprint(count, peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    count, megabytes = map(int, done.stdout.split())
    assert count == 50
    assert megabytes < 100


def test_files_come_from_the_hub_by_revision_and_from_its_cache_without_a_network(tmp_path: Path) -> None:
    revision = "2e2790a962a3c099bfb5ea61389cbf98a5ea439b"
    snapshot = tmp_path / "datasets--LLM360--guru-RL-92k" / "snapshots" / revision
    write_guru(snapshot, {"train/table__hitab_4.3k.parquet": 3})
    program = (
        "from guru_data import Domain, GuruConfig, load_problems\n"
        f"config = GuruConfig(revision={revision!r}, heldout_share=0.0)\n"
        "print(len(load_problems(config, 'train')))\n"
        "try:\n    load_problems(GuruConfig(revision='main'), 'train')\n"
        "except Exception as error:\n    print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path)},
    )
    assert done.stdout.split() == ["3", "SourceError"]


def test_a_folder_without_such_files_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no file in .* matches train/\*.parquet"):
        load_problems(GuruConfig(path=tmp_path), "train")


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.parquet").write_text("no")
    with pytest.raises(SourceError, match=r"cannot read .*a.parquet"):
        load_problems(GuruConfig(path=tmp_path), "train")


@pytest.mark.parametrize("places", [{}, {"path": "x", "revision": "main"}])
def test_a_config_names_a_folder_or_a_revision_and_not_both(places: dict[str, str]) -> None:
    with pytest.raises(SourceConfigError, match=r"either path .* or revision"):
        parse_source_config({"kind": "guru", **places})
