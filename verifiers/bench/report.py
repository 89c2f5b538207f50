"""A datasheet as a table for the terminal and for Markdown."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from verifiers.bench.datasheet import Datasheet, Row
from verifiers.bench.rates import Share

COLUMNS = (
    "verifier", "cases", "accuracy", "false positive", "false negative", "undecided", "p50 ms", "p99 ms",
    "cases/s", "same verdict", "metamorphic",
)  # fmt: skip
TABLE_WIDTH = 160
"""Columns of text that the table needs; a narrower terminal wraps its lines."""


def print_datasheet(sheet: Datasheet, console: Console) -> None:
    """The table, then one line per case that was misjudged, changed its verdict, or broke a check."""
    table = Table(*COLUMNS, title=sheet.machine)
    for row in sheet.rows:
        table.add_row(*_cells(row))
    console.print(table)
    for row in sheet.rows:
        for line in _remarks(row):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def _remarks(row: Row) -> list[str]:
    """What the table only counts."""
    found = [f"miss: {miss}" for miss in row.misses]
    for how, changed in row.determinism.model_dump().items():
        found += [f"{row.name}: {case_id} got another verdict in {how}" for case_id in changed]
    for check in row.metamorphic:
        found += [f"{row.name}: {case_id} broke the check {check.name!r}" for case_id in check.broken]
    return found


def markdown(sheet: Datasheet) -> str:
    """The same table for a README."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in sheet.rows]
    return "\n".join([*lines, "", f"Measured on {sheet.machine}. In brackets: 95 % Wilson intervals."])


def _cells(row: Row) -> list[str]:
    changed = {*row.determinism.repeats, *row.determinism.threads, *row.determinism.processes}
    held, of = sum(check.held for check in row.metamorphic), sum(check.of for check in row.metamorphic)
    return [
        row.name,
        str(row.cases),
        _share(row.accuracy),
        _share(row.false_positive),
        _share(row.false_negative),
        f"{row.undecided.rate:.3f}",
        f"{row.latency_p50_ms:.3g}",
        f"{row.latency_p99_ms:.3g}",
        f"{row.cases_per_s:.0f}",
        f"all but {len(changed)}" if changed else "always",
        f"{held} of {of}",
    ]


def _share(share: Share) -> str:
    return f"{share.rate:.3f} [{share.low:.3f}, {share.high:.3f}]"
