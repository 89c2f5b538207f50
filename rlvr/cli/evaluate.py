"""`rlvr eval`: how often a model is right on the problems of a config."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rlvr.cli.train import ConfigPath, DryRun, Overrides
from rlvr.config import RunConfig, load_config
from rlvr.strict_json import strict_json

if TYPE_CHECKING:
    from guru_data import Split
    from rlvr.evaluate import Evaluation


class EvalSplit(StrEnum):
    TRAIN = "train"
    HELDOUT = "heldout"


def evaluate(
    path: ConfigPath,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    split: Annotated[EvalSplit, typer.Option(help="Which problems.")] = EvalSplit.HELDOUT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, problem by problem.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Evaluate `model` on `eval.problems` problems: pass@1 with its standard error, and pass@k.

    `eval.samples` completions are drawn per problem; pass@k is given for k = 1, 2, 4, ... up to it.
    What `--json` prints, kept in a file, is what `prepare` takes as measured difficulty.
    """
    config = load_config(RunConfig, path, overrides)
    if dry_run:
        typer.echo(planned(config, split.value))
        return
    from rlvr.wire import evaluate_model

    result = asyncio.run(evaluate_model(config, split.value))
    typer.echo(told(result, split.value, config.eval.samples, as_json=as_json))


def planned(config: RunConfig, split: Split) -> str:
    """What would be evaluated on what; raises ConfigError as the evaluation itself would."""
    from rlvr.cluster.preflight import preflight
    from rlvr.problems import evaluated, prepare

    preflight(config)
    problems = evaluated(prepare(config), split)
    return (
        f"{config.model}: {config.eval.samples} completions of each of {len(problems)} {split} problems; "
        "nothing was started"
    )


def told(result: Evaluation, split: str, samples: int, *, as_json: bool) -> str:
    """What was found, a line each; or as JSON with every problem's result, null where nothing was scored."""
    ks = [k for k in (1, 2, 4, 8, 16, 32, 64, 128) if k <= samples]
    found = result.metrics(split) | {f"eval/pass@{k}/{split}": result.pass_at(k) for k in ks}
    found |= {"eval/problems": float(len(result.results))}
    if as_json:
        return strict_json(found | {"results": [asdict(one) for one in result.results]})
    return "\n".join(f"{name:36} {value:.4f}" for name, value in found.items())
