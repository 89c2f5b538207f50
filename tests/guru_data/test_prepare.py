"""Preparing: every row is written or removed for a reason, the same bytes each time, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guru_data import ParquetConfig, PrepareError, SourceError, load_problems
from guru_data.prepare import Prepared, load_prepare_config, prepare
from guru_data.prepare.folder import new_folder
from guru_data.prepare.progress import T
from tests.guru_data.guru_files import TRAIN_FILES, write_guru
from tests.guru_data.planted import corpus

FILES = {file: 12 for file in TRAIN_FILES if "codegen" not in file} | {
    "train/codegen__leetcode2k_1.3k.parquet": 6,
    "train/codegen__taco_8.8k.parquet": 6,
}


def config_file(folder: Path, *sources: str, more: str = "", out: str = "out") -> Path:
    path = folder / f"{out}.toml"
    listed = "".join(f"[[sources]]\n{source}\n" for source in sources)
    path.write_text(f"out = {json.dumps(str(folder / out))}\n{listed}{more}\n")
    return path


def jsonl(folder: Path, *rows: dict[str, Any] | str, name: str = "mine") -> str:
    """Write a file of rows, and return its section."""
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return f'kind = "jsonl"\npath = {json.dumps(str(path))}\nheldout_share = 0.0'


def row(prompt: str, answer: str = "7", **changes: Any) -> dict[str, Any]:
    made = {"prompt": prompt, "ground_truth": answer, "verifier": "math", "domain": "math"}
    return made | changes


def removed(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "out" / "removed.parquet").to_pylist()
    return rows


def run(folder: Path, *sources: str, more: str = "", out: str = "out") -> Prepared:
    return prepare(load_prepare_config(config_file(folder, *sources, more=more, out=out)))


def guru(folder: Path) -> str:
    write_guru(folder / "guru", FILES)
    return f'kind = "guru"\npath = {json.dumps(str(folder / "guru"))}\nheldout_share = 0.2'


def test_the_real_schemas_come_out_as_they_went_in(tmp_path: Path) -> None:
    done = run(tmp_path, guru(tmp_path), more="[clean]\ngraded_programs = 1.0")
    rows = done.manifest["rows"]
    assert rows["in"] == sum(FILES.values()) == rows["out"] + rows["removed"]
    assert set(done.manifest["removed"]) <= {"difficulty"}  # rows were drawn apart, and references are right
    assert done.manifest["references"]["code"] == {
        "accepted": done.manifest["data_sources"]["codegen__taco"]
        + done.manifest["data_sources"]["codegen__leetcode2k"]
    }
    assert done.manifest["licences"] == {"MIT": rows["out"]}


def test_what_was_prepared_loads_as_a_source_with_everything_in_its_place(tmp_path: Path) -> None:
    run(tmp_path, guru(tmp_path))
    source = ParquetConfig(path=tmp_path / "out")
    train, heldout = (load_problems(source, split) for split in ("train", "heldout"))
    assert {problem.split for problem in train} == {"train"}
    assert {problem.split for problem in heldout} == {"heldout"}
    (table,) = [p for p in train + heldout if p.source == "train/table__hitab_4.3k.parquet:3"]
    assert table.licence == "MIT"
    assert table.id == "train/table__hitab_4.3k/3"
    assert any(problem.pass_rates for problem in train)
    assert {type(problem.ground_truth) for problem in train} >= {str, list, dict}


def test_the_same_input_gives_the_same_bytes_wherever_it_is_put(tmp_path: Path) -> None:
    source = guru(tmp_path)
    run(tmp_path, source, out="one")
    run(tmp_path, source, out="two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["README.md", "heldout.parquet", "manifest.json", "removed.parquet", "train.parquet"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_every_removed_row_is_named_with_its_step_and_reason(tmp_path: Path) -> None:
    first, second, third = (problem.prompt[0].content for problem in corpus(3))
    (tmp_path / "bench.jsonl").write_text(json.dumps({"problem": third}))
    rows = [
        row(first, "5", id="kept"),
        row(f"  {first}", "5", id="again"),
        row(f"Solve this. {first.lower()}", "5", id="near"),
        row(third.upper(), "8", id="leak"),
        row("Is it so?", "1", id="kept", pass_rates={"qwen3_30b": 1.0}),
        row(second, "2", id="easy", pass_rates={"qwen2.5_7b": 0.9}),
        row(second, "2", id="hard", pass_rates={"qwen3_30b": 0.0}),
        row("What is odd?", "[[1", id="broken", verifier="ordering"),
        row("What is even?", "5}{6", id="refused"),
        "{not json",
        row("What else?", id="bad", domain=""),
    ]
    more = f"[clean]\nbenchmarks = [{json.dumps(str(tmp_path / 'bench.jsonl'))}]"
    done = run(tmp_path, jsonl(tmp_path, *rows), more=more)
    assert done.manifest["rows"] == {"in": 11, "out": 1, "removed": 10}
    assert sorted((r["step"], r["reason"], r["id"]) for r in removed(tmp_path) if r["id"]) == [
        ("benchmarks", "benchmark_leak", "leak"),
        ("difficulty", "hopeless", "hard"),
        ("difficulty", "too_easy", "easy"),
        ("duplicates", "duplicate", "again"),
        ("duplicates", "near_duplicate", "near"),
        ("references", "reference_malformed", "broken"),
        ("references", "reference_refused", "refused"),
    ]
    unread = [(Path(r["source"]).name, r["reason"]) for r in removed(tmp_path) if r["id"] is None]
    assert unread == [
        ("mine.jsonl:5", "malformed_row"),
        ("mine.jsonl:10", "malformed_row"),
        ("mine.jsonl:11", "malformed_row"),
    ]
    assert any("bench.jsonl:1" in r["detail"] for r in removed(tmp_path))


def test_an_id_that_two_sources_give_is_kept_once(tmp_path: Path) -> None:
    one = jsonl(tmp_path, row("What is it?", id="x"), name="one")
    two = jsonl(tmp_path, row("Who is it?", id="x"), name="two")
    run(tmp_path, one, two)
    assert [(r["reason"], r["detail"]) for r in removed(tmp_path)] == [("id_taken", "by one.jsonl:1")]


def test_pass_rates_of_an_evaluation_decide_and_are_kept(tmp_path: Path) -> None:
    results = [
        {"problem_id": name, "domain": "math", "samples": 4, "correct": correct, "in_form": 4}
        for name, correct in (("solved", 4), ("half", 2))
    ]
    evaluation = tmp_path / "step_000000.json"
    evaluation.write_text(json.dumps({"results": results, "unscored": 0}))
    more = f'[difficulty]\nweak = "mine"\n[difficulty.measured]\nmine = [{json.dumps(str(evaluation))}]'
    rows = [
        row("What is it?", id="solved"),
        row("Who is it?", id="half"),
        row("Where is it?", id="never-tried"),
    ]
    done = run(tmp_path, jsonl(tmp_path, *rows), more=more)
    kept = {p.id: p.pass_rates for p in load_problems(ParquetConfig(path=tmp_path / "out"), "train")}
    assert kept == {"half": {"mine": 0.5}, "never-tried": {}}
    assert done.manifest["bands"] == {"mine": {"[0.4, 0.6)": 1}}


def test_programs_are_graded_on_a_sample_that_is_stated(tmp_path: Path) -> None:
    write_guru(tmp_path / "guru", {"train/codegen__taco_8.8k.parquet": 40})
    source = f'kind = "guru"\npath = {json.dumps(str(tmp_path / "guru"))}'
    done = run(tmp_path, source, more="[clean]\ngraded_programs = 0.2\n[difficulty]\ntoo_easy_from = 1.0")
    counts = done.manifest["references"]["code"]
    assert 2 <= counts["accepted"] <= 16
    assert counts["accepted"] + counts["not_sampled"] == 40
    assert "a share of 0.2 was run" in (tmp_path / "out" / "README.md").read_text()


def test_a_row_lost_without_a_reason_stops_everything(tmp_path: Path) -> None:
    def forgetful(rows: Iterable[T], step: str, total: int | None, /) -> Iterable[T]:
        return rows if step != "grade and write" else list(rows)[1:]

    source = jsonl(tmp_path, row("What is it?"), row("Who is it?"))
    with pytest.raises(PrepareError, match="rows went missing"):
        prepare(load_prepare_config(config_file(tmp_path, source)), forgetful)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.jsonl", "out.toml"]


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(PrepareError, match="exists: choose another"):
        run(tmp_path, jsonl(tmp_path, row("What is it?")))
    assert list((tmp_path / "out").iterdir()) == []


def test_two_runs_do_not_work_on_one_folder(tmp_path: Path) -> None:
    with new_folder(tmp_path / "out"), pytest.raises(PrepareError, match="another run is preparing"):
        run(tmp_path, jsonl(tmp_path, row("What is it?")))


def test_a_failing_source_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot read"):
        run(tmp_path, f'kind = "jsonl"\npath = "{tmp_path}/nowhere.jsonl"')
    assert [path.name for path in tmp_path.iterdir()] == ["out.toml"]


def test_a_killed_run_leaves_no_folder_and_the_next_one_is_as_if_it_never_was(tmp_path: Path) -> None:
    source = guru(tmp_path)
    run(tmp_path, source, out="other")
    path = config_file(tmp_path, source)
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from guru_data.prepare import load_prepare_config, prepare\n"
        "def slowly(rows, step, total):\n"
        "    for row in rows:\n        yield row\n        print(step, flush=True)\n        time.sleep(0.05)\n"
        "prepare(load_prepare_config(Path(sys.argv[1])), slowly)"
    )
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "read\n"
        os.killpg(killed.pid, signal.SIGKILL)
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "out.partial").exists()
    prepare(load_prepare_config(path))
    assert not (tmp_path / "out.partial").exists()
    for file in (tmp_path / "out").iterdir():
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("out = 'x'", "sources: Field required", id="no-sources"),
        pytest.param("out = 'x'\nsources = []", "sources", id="empty-sources"),
        pytest.param("out = [", "not TOML", id="not-toml"),
        pytest.param("out = 'x'\n[[sources]]\nkind = 'guru'", "either path", id="source-fault"),
        pytest.param(
            "out = 'x'\n[[sources]]\nkind = 'synthetic'\n[clean]\nbenchmark = []",
            "clean.benchmark",
            id="typo",
        ),
    ],
)
def test_a_config_that_does_not_fit_is_one_clear_error(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(PrepareError, match=message):
        load_prepare_config(tmp_path / "c.toml")


def test_a_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    table = pa.table({"id": ["x"]}).replace_schema_metadata({"guru_data.format": "9"})
    pq.write_table(table, tmp_path / "later.parquet")
    with pytest.raises(SourceError, match="format b'9'"):
        load_problems(ParquetConfig(path=tmp_path / "later.parquet"), "train")
