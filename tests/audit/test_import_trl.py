"""A GRPO training by TRL itself, imported from the completions it logged and audited."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from rlvr.audit.asking.sql import ask
from rlvr.audit.books.check import check_run
from rlvr.audit.cli import app
from rlvr.audit.exchange.importing import Asked, import_run
from rlvr.audit.gates import Level
from rlvr.audit.report.facts import gather
from rlvr.errors import LedgerError

COMMAND = ("rlvr", "audit", "import")


def by_length(
    completions: list[Any], answer: list[str], log_extra: Callable[[str, list[Any]], None], **_: Any
) -> list[float | None]:
    """Rewards what no verifier would, and gives nothing where the text is longest."""
    log_extra("ground_truth", answer)
    lengths = [len(messages[0]["content"]) for messages in completions]
    return [None if length == max(lengths) else float(length % 2) for length in lengths]


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The output of three steps on two generation batches: with two iterations the first is logged twice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        from datasets import Dataset
        from trl import GRPOConfig, GRPOTrainer

        folder = tmp_path_factory.mktemp("trl")
        rows = [
            {"prompt": [{"role": "user", "content": f"{n} + 1 = ?"}], "answer": str(n + 1)} for n in range(8)
        ]
        (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        config = GRPOConfig(
            output_dir=str(folder), use_cpu=True, bf16=False, report_to="none", save_strategy="no", seed=1,
            per_device_train_batch_size=16, num_generations=8, num_iterations=2, max_steps=3,
            max_completion_length=6, logging_steps=1, log_completions=True, disable_tqdm=True,
        )  # fmt: skip
        trainer = GRPOTrainer(
            str(tiny_model), reward_funcs=by_length, args=config, train_dataset=Dataset.from_list(rows)
        )
        trainer.train()
        yield folder


@pytest.fixture(scope="module")
def imported(trained: Path) -> Path:
    run = trained / "audited"
    import_run("trl", trained, run, Asked("math"), COMMAND)
    return run


pytestmark = pytest.mark.filterwarnings("ignore:TRL currently supports vLLM")


def test_every_logged_rollout_is_in_books_that_hold(trained: Path, imported: Path) -> None:
    files = [trained / "completions" / f"completions_{step:05d}.parquet" for step in (1, 3)]
    logged = [row for file in files for row in pq.read_table(file).to_pylist()]
    held = ask(imported, "SELECT step, response, reward, advantage FROM held ORDER BY step, rollout_id").rows
    assert len(held) == len(logged) == 32
    expected = {(row["step"], row["completion"][0]["content"], row["by_length"]) for row in logged}
    assert {row[:3] for row in held} == expected
    found = check_run(imported)
    assert (found.faults, found.rows) == ([], 32)
    assert found.balances[1].dropped.keys() == {"undecided"}


def test_what_trl_logged_again_is_left_out_and_named(imported: Path) -> None:
    left = [json.loads(line) for line in (imported / "left_out.jsonl").read_text().splitlines()]
    assert len(left) == 16
    assert {one["file"] for one in left} == {"completions/completions_00002.parquet"}
    assert "same rollouts as in completions_00001.parquet" in left[0]["reason"]


def test_groups_are_those_that_trl_centred_advantages_in(imported: Path) -> None:
    sums = ask(imported, "SELECT count(*), abs(sum(advantage)) FROM held GROUP BY step, group_id").rows
    assert [count for count, _ in sums] == [8, 8, 8, 8]
    gates = {gate.name: gate.level for gate in gather(imported).gates}
    assert gates["advantages"] is Level.PASS


def test_what_trl_does_not_log_is_not_judged(imported: Path) -> None:
    [row] = ask(
        imported, "SELECT count(completion_tokens), count(weight_version_min), count(attempts) FROM held"
    ).rows
    assert row == (0, 0, 0)
    gates = {gate.name: gate.level for gate in gather(imported).gates}
    blind = {
        "reward_policy",
        "staleness",
        "graders",
        "latency",
        "length_drift",
        "truncation",
        "lost",
        "flaky",
    }
    assert {name for name in blind if gates[name] is not Level.NONE} == set()


def test_report_and_regrade_work_and_find_the_reward_that_is_not_about_the_answer(imported: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["report", str(imported)]).exit_code == 0
    assert "imported from trl" in (imported / "report.html").read_text()
    done = runner.invoke(app, ["regrade", str(imported), "--verifier", "math", "--workers", "1", "--json"])
    told = json.loads(done.stdout)
    confusion = {(was, other): count for was, other, count in told["confusion"]}
    assert confusion["right", "wrong"] > 0
    assert told["groups_sign_changed"] > 0
    gates = {gate.name: gate.level for gate in gather(imported).gates}
    assert gates["second_opinion"] is Level.FAIL


def test_references_may_come_from_the_dataset(trained: Path, tmp_path: Path) -> None:
    asked = Asked("math", truth="answer", dataset=trained / "data.jsonl")
    import_run("trl", trained / "completions" / "completions_00001.parquet", tmp_path / "run", asked, COMMAND)
    asked_for = ask(
        tmp_path / "run", "SELECT prompt ->> '$[0].content', ground_truth ->> '$' FROM problems"
    ).rows
    assert len(asked_for) == 2
    assert all(int(str(truth)) == int(str(prompt)[0]) + 1 for prompt, truth in asked_for)


def table(path: Path, **columns: list[Any]) -> Path:
    base = {"step": [1, 1], "prompt": ["p", "p"], "completion": ["a", "b"], "advantage": [1.0, -1.0]}
    pq.write_table(pa.table(base | columns), path)
    return path


def test_several_columns_of_numbers_are_never_guessed_at(tmp_path: Path) -> None:
    file = table(tmp_path / "completions_00001.parquet", right=[1.0, 0.0], short=[0.5, 0.5])
    with pytest.raises(LedgerError, match=r"--reward; columns of numbers: right, short"):
        import_run("trl", file, tmp_path / "none", Asked("math"), COMMAND)
    assert not (tmp_path / "none").exists()

    asked = Asked("math", rewards=(("right", 1.0), ("short", 0.2)), score="right")
    import_run("trl", file, tmp_path / "run", asked, COMMAND)
    rows = ask(tmp_path / "run", "SELECT reward, score, outcome FROM held ORDER BY rollout_id").rows
    assert rows == [(1.1, 1.0, "right"), (0.1, 0.0, "wrong")]
