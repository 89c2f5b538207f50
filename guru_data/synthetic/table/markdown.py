"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Header, rule and rows."""
    return "\n".join([line(header), "|" + "---|" * len(header), *map(line, rows)])


def line(cells: Sequence[object]) -> str:
    """One row: `| Ann | 34 |`"""
    return f"| {' | '.join(map(str, cells))} |"
