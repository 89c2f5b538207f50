"""`python -m sandboxes run|serve|doctor|bench`: programs from a JSONL file or over REST, and what this
machine can do.

Exit codes: 0 well, 1 the machine cannot isolate (doctor), 2 usage, 4 no backend works.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sandboxes.errors import RequestError, SandboxError, ServiceSetupError
from sandboxes.pool import SandboxPool
from sandboxes.registry import AUTO

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Run untrusted programs under limits.")
EXIT_FAILED, EXIT_USAGE, EXIT_INFRASTRUCTURE = 1, 2, 4

BackendName = Annotated[str, typer.Option(help="auto, a backend's name, or a path pkg.module:Class")]
Workers = Annotated[int, typer.Option(min=1, help="programs at a time")]
AllowUnsafe = Annotated[bool, typer.Option("--allow-unsafe", help="accept a backend that is no boundary")]


@app.command()
def run(
    programs: Annotated[Path, typer.Argument(metavar="IN.jsonl", exists=True, dir_okay=False)],
    results: Annotated[Path, typer.Argument(metavar="OUT.jsonl", dir_okay=False)],
    backend: BackendName = "auto",
    workers: Workers = 1,
    allow_unsafe: AllowUnsafe = False,
) -> None:
    """Run each line {id, language, source, stdin?, files?, limits?}; write results plus id in the same
    order."""
    from sandboxes.batch import check_results, run_lines

    try:
        check_results(results, programs)
        with (
            SandboxPool.open(backend, workers=workers, allow_unsafe=allow_unsafe) as pool,
            programs.open("rb") as lines,
            results.open("w", encoding="utf-8") as out,
        ):
            asyncio.run(run_lines(lines, out, pool, ahead=4 * workers))
    except (SandboxError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        at_fault = isinstance(error, RequestError)
        raise typer.Exit(EXIT_USAGE if at_fault else EXIT_INFRASTRUCTURE) from error


@app.command()
def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port")] = 8081,
    backend: BackendName = "auto",
    workers: Workers = 2,
    allow_unsafe: AllowUnsafe = False,
    ceiling: Annotated[
        list[str] | None,
        typer.Option(help="the most a request may ask for, such as memory_mb=4096; may be repeated"),
    ] = None,
) -> None:
    """Answer over REST until SIGTERM, also as SandboxFusion does. An address that is not loopback needs the
    token in SANDBOXES_TOKEN."""
    from sandboxes.service.config import ServiceConfig, parse_ceiling
    from sandboxes.service.serve import run_server

    try:
        config = ServiceConfig(
            ceiling=parse_ceiling(ceiling or ()), token=os.environ.get("SANDBOXES_TOKEN") or None
        )
        with SandboxPool.open(backend, workers=workers, allow_unsafe=allow_unsafe) as pool:
            run_server(pool, config, host=host, port=port)
    except SandboxError as error:
        typer.echo(f"error: {error}", err=True)
        at_fault = isinstance(error, RequestError | ServiceSetupError)
        raise typer.Exit(EXIT_USAGE if at_fault else EXIT_INFRASTRUCTURE) from error


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON list instead of a table")] = False,
    backend: Annotated[str, typer.Option(help="the backend to look at")] = "auto",
) -> None:
    """Say what isolation this machine gives, and what is missing."""
    from sandboxes.doctor import check

    checks = check(backend)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in checks], indent=2))
    else:
        for each in checks:
            typer.echo(f"{'ok   ' if each.ok else 'FAULT'} {each.name}: {each.detail}")
            if not each.ok:
                typer.echo(f"      fix: {each.fix}")
    if not all(each.ok for each in checks):
        raise typer.Exit(EXIT_FAILED)


@app.command()
def bench(
    out: Annotated[Path | None, typer.Option(help="also write the measures to this JSON file")] = None,
    runs: Annotated[int, typer.Option(min=1, help="rounds, and jobs per sandbox")] = 200,
    workers: Annotated[int, typer.Option(min=1, help="sandboxes at a time for the throughput")] = 2,
    backend: Annotated[
        list[str] | None,
        typer.Option(help="what to measure, by default what auto may choose; may be repeated"),
    ] = None,
) -> None:
    """Measure the backends beside a bare interpreter."""
    from sandboxes.bench import bench as measure

    backends = tuple(backend or AUTO)
    command = f"python -m sandboxes bench --runs {runs} --workers {workers}"
    command += "".join(f" --backend {name}" for name in backends)
    try:
        measures = measure(runs, workers, command, backends)
    except SandboxError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_INFRASTRUCTURE) from error
    for each in measures:
        baseline = f"{each.baseline_name}: {each.baseline:.2f}, ratio {each.ratio:.2f}"
        typer.echo(f"{each.name:32} {each.value:9.2f} {each.unit:4} ({baseline})")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps([each.model_dump() for each in measures], indent=2) + "\n")
