"""`rlvr train`: train a model as a config says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rlvr.config import RunConfig, load_config

Overrides = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="Override a config key.")]
ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="A TOML file; see `rlvr config schema`.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, start nothing.")]


def train(
    path: ConfigPath,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Train a model by reinforcement learning with verifiable rewards."""
    config = load_config(RunConfig, path, overrides)
    if dry_run:
        from rlvr.wire import plan

        planned = plan(config, resume=resume)
        rollouts = config.rollout.problems_per_step * config.rollout.group_size
        typer.echo(
            f"{planned.directory}: {config.steps} steps of {rollouts} rollouts on {len(planned.train)} "
            f"problems, evaluated on {len(planned.heldout)}; nothing was started"
        )
        return
    from rlvr.launch import run_training

    outcome = run_training(config, resume=resume)
    typer.echo(
        f"{outcome.done} steps done; model in {outcome.directory / 'model'}, report in {outcome.report}"
    )
