"""`rlvr eval`: how often a model is right on the held-out problems of a config."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from rlvr.cli.train import ConfigPath, Overrides
from rlvr.config import RunConfig, load_config


def evaluate(
    path: ConfigPath,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Evaluate `model` on the held-out split: pass@1 with its standard error, and pass@k.

    `eval.samples` completions are drawn per problem; pass@k is given for k = 1, 2, 4, ... up to it.
    """
    config = load_config(RunConfig, path, overrides)
    from rlvr.evaluate import Evaluation
    from rlvr.wire import evaluate_model

    result: Evaluation = asyncio.run(evaluate_model(config))
    ks = [k for k in (1, 2, 4, 8, 16, 32, 64, 128) if k <= config.eval.samples]
    found = result.metrics("heldout") | {f"eval/pass@{k}/heldout": result.pass_at(k) for k in ks}
    found |= {"eval/problems": float(len(result.results))}
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, value in found.items():
        typer.echo(f"{name:36} {value:.4f}")
