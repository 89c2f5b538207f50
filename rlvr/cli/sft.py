"""`rlvr sft`: supervised fine-tuning on conversations."""

from __future__ import annotations

from typing import Annotated

import typer

from rlvr.cli.train import ConfigPath, Overrides
from rlvr.config import SFTConfig, load_config


def sft(
    path: ConfigPath,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
) -> None:
    """Train a model on the assistant turns of conversations."""
    config = load_config(SFTConfig, path, overrides)
    from rlvr.console import ShareBar
    from rlvr.learner.sft import train_sft

    with ShareBar("supervised training") as bar:
        out = train_sft(config, bar.sft_step, resume=resume)
    typer.echo(f"model in {out}")
