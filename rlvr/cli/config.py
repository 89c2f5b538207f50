"""`rlvr config`: look at configs before running them."""

from __future__ import annotations

import json

import typer

from rlvr.cli.train import ConfigPath, Overrides
from rlvr.config import RunConfig, load_config

app = typer.Typer(help="Show a config as it will be run, or what may stand in one.", no_args_is_help=True)


@app.command()
def show(path: ConfigPath, overrides: Overrides = []) -> None:  # noqa: B006 - typer copies it
    """Print a config with all its defaults, as JSON."""
    typer.echo(load_config(RunConfig, path, overrides).model_dump_json(indent=2))


@app.command()
def schema() -> None:
    """Print the JSON schema of a config: every key, its type, its default, its meaning."""
    typer.echo(json.dumps(RunConfig.model_json_schema(), indent=2))
