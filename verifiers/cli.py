"""`python -m verifiers {serve,grade,list,bench,doctor}`.

Exit codes: 0 well, 1 failed, 2 usage or config.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from verifiers.errors import InvalidRequestError, VerifierError
from verifiers.registry import DATA_SOURCES, VERIFIERS, plugin_table

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Only = Annotated[str, typer.Option(help="Only these verifiers, separated by commas.")]
Plugins = Annotated[
    list[str] | None, typer.Option("--plugin", help="name=pkg.module:Class; may be repeated.")
]
Workers = Annotated[int, typer.Option(min=0, max=256, help="Worker processes; 0 is one per processor.")]


@app.command()
def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 8080,
    workers: Workers = 0,
    only: Only = "",
    plugin: Plugins = None,
) -> None:
    """Answer over REST until SIGTERM. An address that is not loopback needs the token in VERIFIERS_TOKEN."""
    from verifiers.service.config import ServiceConfig
    from verifiers.service.serve import run_server

    try:
        config = ServiceConfig(
            workers=workers or _processors(), token=os.environ.get("VERIFIERS_TOKEN") or None
        )
        run_server(_table(only, plugin), config, host=host, port=port)
    except VerifierError as error:
        raise _usage_error(error) from error


@app.command()
def grade(
    source: Path,
    target: Path,
    workers: Workers = 0,
    only: Only = "",
    plugin: Plugins = None,
) -> None:
    """Grade a file of JSON lines; the verdicts come out in the same order."""
    from verifiers.batch import grade_file

    try:
        lines = asyncio.run(
            grade_file(source, target, _table(only, plugin), workers=workers or _processors())
        )
    except (VerifierError, OSError) as error:
        raise _usage_error(error) from error
    typer.echo(f"{lines} lines graded into {target}", err=True)


@app.command("list")
def list_verifiers() -> None:
    """Name each verifier, where it lives, and the data sources it grades."""
    for name, path in VERIFIERS.items():
        sources = ", ".join(f"{prefix}*" for prefix, verifier in DATA_SOURCES if verifier == name)
        typer.echo(f"{name:10}{path:48}{sources}")


@app.command()
def bench(
    only: Only = "",
    cases: Annotated[
        Path | None, typer.Option(help="Your own labelled cases (JSON lines) instead of the package's.")
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", help="Write the datasheet to this file as well.")
    ] = None,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table as a README holds it.")
    ] = False,
    runs: Annotated[int, typer.Option(min=1, help="How often one process grades each case.")] = 3,
    plugin: Plugins = None,
) -> None:
    """Measure the verifiers on labelled cases: rates, speed, determinism, metamorphic checks."""
    from rich.console import Console

    from verifiers.bench.cases import packaged_cases, read_cases
    from verifiers.bench.datasheet import make_datasheet
    from verifiers.bench.report import TABLE_WIDTH, markdown, print_datasheet

    try:
        table = _table(only, plugin)
        labelled = read_cases(cases) if cases else packaged_cases(list(table))
        sheet = make_datasheet(table, labelled, runs=runs)
        if json_out:
            json_out.write_text(sheet.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except (VerifierError, OSError) as error:
        raise _usage_error(error) from error
    if as_markdown:
        typer.echo(markdown(sheet))
    else:
        print_datasheet(sheet, Console(width=max(TABLE_WIDTH, Console().width)))


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Say what works here: every verifier grades its examples, and the sandboxes are asked."""
    from verifiers.doctor import check

    checks = check()
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(found) for found in checks], indent=1))
    else:
        for found in checks:
            typer.echo(f"{'ok  ' if found.ok else 'FAIL'} {found.name:20} {found.detail}")
            if not found.ok and found.fix:
                typer.echo(f"     fix: {found.fix}")
    if not all(found.ok for found in checks):
        raise typer.Exit(1)


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _table(only: str, plugins: list[str] | None) -> dict[str, str]:
    named = {}
    for plugin in plugins or ():
        name, separator, path = plugin.partition("=")
        if not separator or ":" not in path:
            raise InvalidRequestError(f"--plugin takes name=pkg.module:Class, got {plugin!r}")
        named[name] = path
    return plugin_table(named, only=frozenset(filter(None, only.split(","))) or None)


def _usage_error(error: Exception) -> typer.Exit:
    typer.echo(f"verifiers: {error}", err=True)
    return typer.Exit(2)
