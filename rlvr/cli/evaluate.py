"""`rlvr eval`: how often a model is right on the problems of a config."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from rlvr.cli.train import ConfigPath, Overrides
from rlvr.config import RunConfig, load_config


class EvalSplit(StrEnum):
    TRAIN = "train"
    HELDOUT = "heldout"


def evaluate(
    path: ConfigPath,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    split: Annotated[EvalSplit, typer.Option(help="Which problems.")] = EvalSplit.HELDOUT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, problem by problem.")] = False,
) -> None:
    """Evaluate `model` on `eval.problems` problems: pass@1 with its standard error, and pass@k.

    `eval.samples` completions are drawn per problem; pass@k is given for k = 1, 2, 4, ... up to it.
    What `--json` prints, kept in a file, is what `prepare` takes as measured difficulty.
    """
    config = load_config(RunConfig, path, overrides)
    from rlvr.evaluate import Evaluation
    from rlvr.wire import evaluate_model

    result: Evaluation = asyncio.run(evaluate_model(config, split.value))
    ks = [k for k in (1, 2, 4, 8, 16, 32, 64, 128) if k <= config.eval.samples]
    found = result.metrics(split) | {f"eval/pass@{k}/{split}": result.pass_at(k) for k in ks}
    found |= {"eval/problems": float(len(result.results))}
    if as_json:
        typer.echo(json.dumps(found | {"results": [asdict(one) for one in result.results]}))
        return
    for name, value in found.items():
        typer.echo(f"{name:36} {value:.4f}")
