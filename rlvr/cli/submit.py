"""`rlvr submit`: train on a running Ray cluster through Ray Jobs, and watch it from here."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rlvr.cli.train import ConfigPath, DryRun, Overrides

if TYPE_CHECKING:
    from rlvr.cluster.jobs import JobCluster

app = typer.Typer(help="Train on a running Ray cluster.", no_args_is_help=True)

Address = Annotated[
    str, typer.Option("--address", envvar="RAY_API_SERVER_ADDRESS", help="URL of the cluster's dashboard.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="Holds the cluster's token; else RAY_AUTH_TOKEN, ~/.ray/auth_token."),
]
JobId = Annotated[str, typer.Argument(metavar="ID", help="What `rlvr submit run` printed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DASHBOARD = "http://127.0.0.1:8265"


@app.command()
def run(
    path: ConfigPath,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    address: Address = DASHBOARD,
    token_file: TokenFile = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Send the working directory to the cluster and train CONFIG there."""
    from rlvr.cluster.jobs import training_entrypoint

    entrypoint = training_entrypoint(path, overrides, Path.cwd())
    cluster = _cluster(address, token_file)
    job_id = None if dry_run else cluster.submit(entrypoint, Path.cwd())
    if as_json:
        typer.echo(json.dumps({"job_id": job_id, "entrypoint": entrypoint}))
        return
    if job_id is None:
        typer.echo(f"{address} would run: {entrypoint}\nnothing was submitted")
        return
    typer.echo(f"{job_id} submitted; watch it with: rlvr submit logs {job_id} --follow")


@app.command()
def status(
    job_id: JobId, address: Address = DASHBOARD, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Say how a job stands."""
    state = _cluster(address, token_file).status(job_id)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(state)))
        return
    typer.echo(f"{state.status}  {state.message}".strip())


@app.command()
def logs(
    job_id: JobId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job ends.")] = False,
    address: Address = DASHBOARD,
    token_file: TokenFile = None,
) -> None:
    """Print what a job has printed."""
    cluster = _cluster(address, token_file)
    if follow:
        asyncio.run(_follow(cluster, job_id))
    else:
        typer.echo(cluster.logs(job_id), nl=False)


@app.command()
def stop(
    job_id: JobId, address: Address = DASHBOARD, token_file: TokenFile = None, as_json: AsJson = False
) -> None:
    """Ask a job to stop; it writes a checkpoint first."""
    asked = _cluster(address, token_file).stop(job_id)
    if as_json:
        typer.echo(json.dumps({"job_id": job_id, "stopping": asked}))
        return
    typer.echo(f"{job_id} was asked to stop" if asked else f"{job_id} had ended already")


def _cluster(address: str, token_file: Path | None) -> JobCluster:
    from rlvr.cluster.jobs import JobCluster

    return JobCluster(address, token_file)


async def _follow(cluster: JobCluster, job_id: str) -> None:
    async for text in cluster.follow(job_id):
        typer.echo(text, nl=False)
