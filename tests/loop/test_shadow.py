"""Shadow grading in the loop: other verdicts beside the run, never in its rewards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rlvr.audit.books.check import check_run
from rlvr.audit.books.metrics import read_metrics
from rlvr.audit.gates import Level
from rlvr.audit.opinions.stored import read_opinions
from rlvr.audit.report.facts import gather
from rlvr.config import RunConfig
from rlvr.errors import ConfigError
from rlvr.train import train
from tests.loop.local_run import local_run, right_at, small_config
from tests.loop.test_train import ledger_rows

LENIENT = "tests.audit.lenient:LenientMath"


def shadowed(tiny_model: Path, tmp_path: Path, name: str, spec: str | None, share: float = 1.0) -> RunConfig:
    settings = {"audit": {"shadow": spec, "shadow_share": share}, "verifier": {"deadline_s": 2.0}}
    config = small_config(tiny_model, tmp_path, name=name, **settings)

    async def whole() -> None:
        async with local_run(config, right_at([0, 2])) as (run, _):
            await train(run, first=0, steps=config.steps)

    asyncio.run(whole())
    return config


def opinions(directory: Path) -> list[dict]:
    found = read_opinions(directory)
    return found.to_table().to_pylist() if hasattr(found, "to_table") else found.to_pylist()


def test_another_verifier_s_verdicts_are_kept_beside_the_run_and_change_no_reward(
    tiny_model: Path, tmp_path: Path
) -> None:
    shadowed(tiny_model, tmp_path, "alone", None)
    shadowed(tiny_model, tmp_path, "watched", LENIENT)
    alone, watched = (ledger_rows(tmp_path / name) for name in ("alone", "watched"))
    assert [row["reward"] for row in watched] == [row["reward"] for row in alone]
    assert {row["row_hash"] for row in opinions(tmp_path / "watched")} == {row["row_hash"] for row in watched}
    assert check_run(tmp_path / "watched").faults == []


def test_how_often_they_differ_is_a_metric_and_a_gate(tiny_model: Path, tmp_path: Path) -> None:
    shadowed(tiny_model, tmp_path, "run", f"{LENIENT}@wanted=boxed")  # which every response holds
    metrics = [entry for entry in read_metrics(tmp_path / "run") if "shadow/asked" in entry]
    assert [(m["shadow/asked"], m["shadow/answered"], m["shadow/disagreement"]) for m in metrics] == [
        (8, 8, 0.5)
    ] * 3
    (gate,) = [gate for gate in gather(tmp_path / "run").gates if gate.name == "second_opinion"]
    assert gate.level is Level.FAIL
    assert gate.found.n == 24  # type: ignore[union-attr]


def test_a_share_of_the_rollouts_is_asked_about_and_the_same_ones_each_time(
    tiny_model: Path, tmp_path: Path
) -> None:
    drawn = []
    for name in ("first", "second"):
        shadowed(tiny_model, tmp_path, name, "math", share=0.3)
        hashes = {row["row_hash"] for row in opinions(tmp_path / name)}
        drawn.append({r["rollout_id"] for r in ledger_rows(tmp_path / name) if r["row_hash"] in hashes})
    assert drawn[0] == drawn[1]
    assert 0 < len(drawn[0]) < 24


def test_a_shadow_that_cannot_be_asked_costs_its_opinions_and_is_then_left_alone(
    tiny_model: Path, tmp_path: Path
) -> None:
    shadowed(tiny_model, tmp_path, "run", "math@http://127.0.0.1:9")
    metrics = [entry for entry in read_metrics(tmp_path / "run") if "shadow/asked" in entry]
    assert [(m["step"], m["shadow/asked"], m["shadow/answered"]) for m in metrics] == [(0, 8, 0)]
    assert len(ledger_rows(tmp_path / "run")) == 24


def test_a_shadow_of_an_unknown_name_is_refused_before_anything_runs(
    tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="no verifier 'maths'"):
        shadowed(tiny_model, tmp_path, "run", "maths")
