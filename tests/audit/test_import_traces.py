"""Dumps of verl, made by verl's own writer; of verifiers and prime-rl, in the forms their sources tell."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rlvr.audit.asking.sql import ask
from rlvr.audit.books.check import check_run
from rlvr.audit.exchange.importing import Asked, import_run

COMMAND = ("rlvr", "audit", "import")
MATH = Asked("math")


def verl_writer(module: str) -> Callable[..., None]:
    """verl's `_write_generations` out of its source: the module around it needs tensordict and Ray."""
    found = importlib.util.find_spec("verl")
    if found is None or found.origin is None:
        pytest.skip("verl is not installed")
    tree = ast.parse((Path(found.origin).parent / "trainer" / "ppo" / module).read_text())
    [function] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "_write_generations"
    ]
    function.decorator_list = []
    names: dict[str, Any] = {"json": json, "os": os, "np": np}
    exec(compile(ast.Module([function], []), module, "exec"), names)
    writer: Callable[..., None] = names["_write_generations"]
    return writer


@pytest.mark.parametrize("module", ["ray_trainer.py", "v1/trainer_base.py"])
def test_what_verl_writes_is_read(module: str, tmp_path: Path) -> None:
    write = verl_writer(module)
    order = [0, 1, 0, 1]  # batches are balanced: siblings do not stand together
    for step in (2, 10):
        write(
            inputs=[f"user\n{n} + 1 = ?\nassistant\n" for n in order],
            outputs=[rf"\boxed{{{n + 1}}}" for n in (0, 1, 5, 5)],
            gts=[str(n + 1) for n in order],
            scores=[1.0, 1.0, -1.0, -1.0],
            reward_extra_infos_dict={
                "acc": [True, True, False, False],
                "uid": [f"u{n}_{i}_0" for i, n in enumerate(order)],
                "short": [1],
            },
            dump_path=str(tmp_path / "dump"),
            global_steps=step,
        )
    found = import_run("verl", tmp_path / "dump", tmp_path / "run", Asked("math", score="acc"), COMMAND)
    assert (found.rows, found.steps, found.left_out) == (8, 2, 0)
    groups = ask(tmp_path / "run", "SELECT step, rewarded, mean_reward, flat FROM groups ORDER BY ALL").rows
    assert groups == [(2, 2, 0.0, False)] * 2 + [(10, 2, 0.0, False)] * 2
    outcomes = ask(
        tmp_path / "run", "SELECT outcome, count(*), min(reward) FROM held GROUP BY 1 ORDER BY 1"
    ).rows
    assert outcomes == [("right", 4, 1.0), ("wrong", 4, -1.0)]
    assert check_run(tmp_path / "run", found.head).ok


def flat(**values: Any) -> dict[str, Any]:
    """A row of vf-eval's results.jsonl."""
    return {
        "example_id": 3,
        "prompt": [{"role": "system", "content": "Box it."}, {"role": "user", "content": "2 + 2 = ?"}],
        "completion": [{"role": "assistant", "content": r"\boxed{4}"}],
        "task": "arith",
        "answer": "4",
        "reward": 1.0,
        "error": None,
        "is_completed": True,
        "is_truncated": False,
        "metrics": {"correct": 1.0},
        "correct": 1.0,
        "token_usage": {"input_tokens": 20.0, "output_tokens": 5.0},
    } | values


def node(parent: int | None, role: str, content: str, *, sampled: bool = False) -> dict[str, Any]:
    return {"parent": parent, "sampled": sampled, "message": {"role": role, "content": content}}


def graph(**values: Any) -> dict[str, Any]:
    """A trace of verifiers' v1."""
    return {
        "version": 1,
        "id": "ab",
        "task": {"type": "Arith", "data": {"answer": "4"}},
        "nodes": [node(None, "user", "2 + 2 = ?"), node(0, "assistant", r"\boxed{4}", sampled=True)],
        "rewards": {"correct": {"score": 1.0, "weight": 0.8}, "format": {"score": 1.0, "weight": 0.2}},
        "calls": [{"finish_reason": "stop"}],
        "errors": [],
    } | values


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_results_of_vf_eval_are_an_evaluation(tmp_path: Path) -> None:
    older = {"id": 0, "prompt": "?", "completion": [], "task": "default", "reward": 0.0, "answer": "18"}
    lines(tmp_path / "evals" / "a" / "results.jsonl", flat(), flat(is_truncated=True, reward=0.0), older)
    import_run("verifiers", tmp_path / "evals", tmp_path / "run", MATH, COMMAND)
    rows = ask(
        tmp_path / "run",
        "SELECT outcome, response, finish_reason, prompt_tokens, completion_tokens, dropped_reason, "
        "data_source FROM held ORDER BY rollout_id",
    ).rows
    assert rows == [
        ("right", r"\boxed{4}", "stop", 20, 5, "evaluation", "arith"),
        ("wrong", r"\boxed{4}", "length", 20, 5, "evaluation", "arith"),
        ("wrong", "", None, None, None, "evaluation", "default"),
    ]


def test_a_rollout_that_failed_has_no_reward(tmp_path: Path) -> None:
    error = {"error": "ToolError", "error_chain_repr": "", "error_chain_str": ""}
    folder = tmp_path / "rollouts"
    lines(
        folder / "step_4" / "train_rollouts.jsonl",
        flat(),
        flat(error=error, reward=0.0),
        flat(error=error, reward=0.0, completion=None),
        graph(errors=[{"type": "ProviderError", "message": "down"}], rewards={"correct": None}),
    )
    import_run("verifiers", folder, tmp_path / "run", MATH, COMMAND)
    rows = ask(
        tmp_path / "run", "SELECT outcome, reward, used, dropped_reason FROM held ORDER BY rollout_id"
    ).rows
    assert rows == [
        ("right", 1.0, True, None),
        ("undecided", None, False, "undecided"),
        ("lost", None, False, "rollout_failed"),
        ("undecided", None, False, "undecided"),
    ]


def test_rollouts_of_prime_rl_are_read_by_step_in_both_forms(tmp_path: Path) -> None:
    folder = tmp_path / "rollouts"
    lines(folder / "step_10" / "train_rollouts.jsonl", graph(), flat(advantage=0.5))
    lines(folder / "step_9" / "train_rollouts.jsonl", graph(rewards={"correct": 0.0}))
    import_run("verifiers", folder, tmp_path / "run", MATH, COMMAND)
    rows = ask(
        tmp_path / "run", "SELECT step, reward, advantage, used FROM held ORDER BY step, rollout_id"
    ).rows
    assert rows == [(9, 0.0, None, True), (10, 1.0, None, True), (10, 1.0, 0.5, True)]
    truths = ask(tmp_path / "run", "SELECT DISTINCT ground_truth FROM problems").rows
    assert truths == [('"4"',)]


def test_of_several_turns_the_last_reply_is_kept_and_a_branching_trace_is_refused(tmp_path: Path) -> None:
    turns = [
        node(None, "user", "2 + 2 = ?"),
        node(0, "assistant", r"\boxed{5}", sampled=True),
        node(1, "tool", r"\boxed{6}"),
        node(2, "assistant", r"\boxed{4}", sampled=True),
    ]
    branching = [*turns, node(0, "assistant", "again", sampled=True)]
    file = lines(tmp_path / "step_1" / "train_rollouts.jsonl", graph(nodes=turns), graph(nodes=branching))
    found = import_run("verifiers", file, tmp_path / "run", MATH, COMMAND)
    assert ask(tmp_path / "run", "SELECT response, prompt FROM held").rows == [(r"\boxed{4}", "2 + 2 = ?")]
    assert [one.reason for one in found.named] == ["the trace branches: it is no one response to grade"]


def test_a_prompt_with_an_image_is_refused(tmp_path: Path) -> None:
    picture = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]
    words = [
        {"role": "user", "content": [{"type": "text", "text": "2 + 2"}, {"type": "text", "text": " = ?"}]}
    ]
    file = lines(tmp_path / "results.jsonl", flat(prompt=picture), flat(prompt=words))
    found = import_run("verifiers", file, tmp_path / "run", MATH, COMMAND)
    assert "content that is not text" in found.named[0].reason
    assert ask(tmp_path / "run", "SELECT prompt FROM held").rows == [("2 + 2 = ?",)]
