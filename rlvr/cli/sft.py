"""`rlvr sft`: supervised fine-tuning on conversations."""

from __future__ import annotations

from typing import Annotated

import typer

from rlvr.cli.train import ConfigPath, DryRun, Overrides
from rlvr.config import SFTConfig, load_config


def sft(
    path: ConfigPath,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Train a model on the assistant turns of conversations."""
    config = load_config(SFTConfig, path, overrides)
    if dry_run:
        typer.echo(planned(config))
        return
    from rlvr.console import ShareBar
    from rlvr.learner.sft import train_sft

    with ShareBar("supervised training") as bar:
        out = train_sft(config, bar.sft_step, resume=resume)
    typer.echo(f"model in {out}")


def planned(config: SFTConfig) -> str:
    """What would be trained on what; raises ConfigError as the training itself would."""
    from rlvr.cluster.model_files import describe_model
    from rlvr.learner.conversations import prepare_sft

    describe_model(config.model)
    _, examples = prepare_sft(config)
    learned = sum(int(example.learned.sum()) for example in examples)
    return (
        f"{config.out}: {config.steps} steps of at most {config.rows_per_step} rows of {config.row_tokens} "
        f"tokens on {len(examples)} conversations with {learned} learned tokens; nothing was started"
    )
