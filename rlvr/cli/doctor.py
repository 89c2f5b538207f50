"""`rlvr doctor`: what this machine has for training, and the fix beside each fault."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rlvr.doctor import Check


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check this machine; exit code 1 if something that training needs is broken."""
    from rlvr.doctor import can_train, check

    checks = check()
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(found) for found in checks], indent=1))
    else:
        Console().print(findings_table(checks))
    if not can_train(checks):
        raise typer.Exit(1)


def findings_table(checks: list[Check]) -> Table:
    """One row per finding; what was found elsewhere is text and never markup."""
    table = Table("", "what", "found, and the fix", box=None)
    for found in checks:
        mark = "[green]ok[/]" if found.ok else "[red]fault[/]" if found.needed else "[yellow]missing[/]"
        fix = "" if found.ok or not found.fix else f"\n[bold]fix:[/] {escape(found.fix)}"
        table.add_row(mark, escape(found.name), escape(found.detail) + fix)
    return table
