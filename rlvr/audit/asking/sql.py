"""Ask a run's books a question: SQL or the name of a question in, columns and rows out.

    run directory + "SELECT ..." | "@name" | "@name(20)" --ask--> Answer --as_table--> text for a terminal

Read only: statements that are not queries are refused, and the connection reaches no file and no network.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

import duckdb

from rlvr.audit.asking.named_queries import NAMED_QUERIES
from rlvr.audit.asking.query import open_ledger
from rlvr.audit.inert import visible
from rlvr.errors import ConfigError, LedgerError

_NAME = re.compile(r"@(\w+)(?:\((\d+)\))?")

_ZONED = "TIMESTAMP WITH TIME ZONE"

CELL_CHARS = 64
"""A `row_hash` is shown whole, so that it can be copied."""

SHOWN_ROWS = 200
"""On a terminal; `--json` prints all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns and rows of a query, no two columns of one name; texts are as a model wrote them."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def ask(run_dir: Path, query: str) -> Answer:
    """Run one query on a run's books.

    Raises:
        ConfigError: the query is not one SELECT that DuckDB takes, or has an unknown name.
        LedgerError: the books cannot be read.
    """
    sql, parameters = _named(query) if query.startswith("@") else (query, {})
    with closing(open_ledger(run_dir)) as ledger:
        try:
            statements = ledger.extract_statements(sql)
            if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
                raise ConfigError("only one SELECT at a time: the books are read, never written")
            found = ledger.execute(statements[0], parameters)
            described = found.description or []
            if any(_ZONED in str(kind) for _, kind, *_ in described):
                raise ConfigError(
                    "the query gives a time with a zone, for which DuckDB needs pytz; cast it, as in "
                    "`now()::TIMESTAMP`: the ledger's times are UTC"
                )
            return Answer(_apart([str(name) for name, *_ in described]), found.fetchall())
        except duckdb.IOException as error:
            raise LedgerError(f"the ledger cannot be read: {visible(str(error))}") from error
        except duckdb.Error as error:
            raise ConfigError(f"the query cannot be run: {visible(str(error))}") from error


def _apart(names: list[str]) -> tuple[str, ...]:
    """The names, a later one of two that are equal with a number: `n, n` is `n, n_2`."""
    found: list[str] = []
    for name in names:
        tries = chain([name], (f"{name}_{number}" for number in count(2)))
        found.append(next(one for one in tries if one not in found))
    return tuple(found)


def _named(query: str) -> tuple[str, dict[str, int]]:
    match = _NAME.fullmatch(query.strip())
    named = NAMED_QUERIES.get(match[1]) if match else None
    if match is None or named is None:
        known = ", ".join(f"@{name}" for name in NAMED_QUERIES)
        raise ConfigError(f"no query {visible(query)!r}; have {known}")
    if named.n is None:
        if match[2] is not None:
            raise ConfigError(f"@{match[1]} takes no number")
        return named.sql, {}
    return named.sql, {"n": named.n if match[2] is None else int(match[2])}


def as_table(answer: Answer) -> str:
    """Aligned columns; hidden characters written out, long cells cut."""
    shown = [[_cell(value) for value in row] for row in answer.rows[:SHOWN_ROWS]]
    lines = [[_cell(name) for name in answer.columns], *shown]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    left = len(answer.rows) - len(shown)
    return "\n".join([*text, *([f"and {left} more rows: --json prints all"] if left else [])])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = visible(str(value)).replace("\n", "\\n").replace("\t", "\\t")
    return text if len(text) <= CELL_CHARS else text[: CELL_CHARS - 1] + "…"
