from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rlvr.audit.books.check import check_run
from rlvr.audit.books.metrics import read_metrics
from rlvr.audit.report.page import write_report
from rlvr.errors import VerifierDownError
from rlvr.evaluate import read_evaluations
from rlvr.learner.checkpoint import latest_checkpoint
from rlvr.train import train
from tests.loop.local_run import Transcript, local_run, right_at, small_config
from verifiers import GroundTruthError, Verdict, VerifierError, VerifierUnavailableError, VerifyRequest


def ledger_rows(directory: Path) -> list[dict]:
    files = sorted((directory / "ledger").glob("step=*/*.parquet"))
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def run_to_end(config, answer, verifiers=None) -> tuple[int, Transcript]:
    async def whole() -> tuple[int, Transcript]:
        async with local_run(config, answer, verifiers) as (run, console):
            return await train(run, first=0, steps=config.steps), console

    return asyncio.run(whole())


def test_a_run_leaves_a_balanced_ledger_metrics_a_checkpoint_a_model_and_a_report(
    tiny_model: Path, tmp_path: Path
) -> None:
    config = small_config(tiny_model, tmp_path)
    done, _ = run_to_end(config, right_at([0, 2]))
    directory = tmp_path / "run"
    rows = ledger_rows(directory)

    assert done == 3
    assert len(rows) == 3 * 2 * 4
    assert [row["reward"] for row in rows[:4]] == [1.0, 0.0, 1.0, 0.0]
    assert all(row["used"] and row["verifier"] == "math" for row in rows)
    assert [m["reward/mean"] for m in read_metrics(directory) if "reward/mean" in m] == [0.5] * 3
    assert set(read_evaluations(directory)) == {0, 3}
    assert check_run(directory).ok
    assert latest_checkpoint(directory / "checkpoints").name == "step_000003"
    assert (directory / "model" / "config.json").exists()
    assert "report" in write_report(directory).name


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_rollouts_are_never_staler_than_ahead_allows(tiny_model: Path, tmp_path: Path, ahead: int) -> None:
    rollout = {"problems_per_step": 2, "group_size": 4, "max_new_tokens": 64, "ahead": ahead}
    config = small_config(tiny_model, tmp_path, steps=4, rollout=rollout)
    _, console = run_to_end(config, right_at([0]))
    assert [m["staleness/max"] for m in console.steps] == [min(step, ahead) for step in range(4)]


class Refusing:
    """A verifier client with something wrong; counts what it was asked."""

    def __init__(self, error: VerifierError, *, per_item: bool) -> None:
        self._error, self._per_item = error, per_item

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> list[Verdict | VerifierError]:
        if self._per_item:
            return [self._error] * len(requests)
        raise self._error


@pytest.mark.parametrize(
    ("verifiers", "code"),
    [
        pytest.param(Refusing(VerifierUnavailableError("gone"), per_item=False), "verifier_down", id="down"),
        pytest.param(Refusing(GroundTruthError("bad"), per_item=True), "ground_truth_error", id="reference"),
    ],
)
def test_a_run_without_verdicts_stops_with_a_checkpoint_and_invents_no_reward(
    tiny_model: Path, tmp_path: Path, verifiers: Refusing, code: str
) -> None:
    config = small_config(tiny_model, tmp_path)
    with pytest.raises(VerifierDownError, match=rf"8 of 8 rollouts got no reward .*{code}.*--resume"):
        run_to_end(config, right_at([0]), verifiers)
    rows = ledger_rows(tmp_path / "run")
    assert [row["reward"] for row in rows] == [None] * 8
    assert {row["dropped_reason"] for row in rows} == {code}
    assert latest_checkpoint(tmp_path / "run" / "checkpoints").name == "step_000000"


def test_a_request_to_stop_ends_the_run_between_steps_with_a_checkpoint(
    tiny_model: Path, tmp_path: Path
) -> None:
    config = small_config(tiny_model, tmp_path, steps=50)

    async def interrupted() -> tuple[int, Transcript]:
        async with local_run(config, right_at([0])) as (run, console):
            running = asyncio.create_task(train(run, first=0, steps=config.steps))
            await console.reached(2)
            run.stop.set()
            return await running, console

    done, console = asyncio.run(interrupted())
    assert 2 <= done < 50
    assert latest_checkpoint(tmp_path / "run" / "checkpoints").name == f"step_{done:06d}"
    assert console.said[-1] == f"stopping after step {done}, as asked"


def test_permuted_rewards_are_the_same_rewards_on_other_rollouts(tiny_model: Path, tmp_path: Path) -> None:
    config = small_config(tiny_model, tmp_path, algorithm={"control": "permute"}, steps=4)
    run_to_end(config, right_at([0]))
    rows = ledger_rows(tmp_path / "run")
    assert sum(row["reward"] for row in rows) == sum(row["score"] for row in rows) == 4 * 2
    assert [row["reward"] for row in rows] != [row["score"] for row in rows]


def test_each_checkpoint_joins_to_the_rows_that_made_it(tiny_model: Path, tmp_path: Path) -> None:
    config = small_config(tiny_model, tmp_path, checkpoint={"every": 1})
    run_to_end(config, right_at([0]))
    directory = tmp_path / "run"
    assert check_run(directory).faults == []

    newest = latest_checkpoint(directory / "checkpoints")
    assert newest is not None
    saved = newest / "run.json"
    earlier = directory / "checkpoints" / "step_000002" / "run.json"
    saved.write_text(json.dumps(json.loads(earlier.read_text()) | {"done": 3}))
    assert check_run(directory).faults == [
        "checkpoints/step_000003/run.json was made by 3 steps; the rows of step 2 are not before its head"
    ]
    saved.write_text(json.dumps({"done": 3, "ledger_head": "0" * 64}))
    assert "which is not in ledger/chain.jsonl" in check_run(directory).faults[0]
