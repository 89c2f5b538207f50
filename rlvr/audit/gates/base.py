"""What a gate is: a value, how sure it is, what it must not exceed, and the rows behind it.

    Evidence --a rule--> Gate(level, value, interval, thresholds, rows)

A gate fails where the whole 95 % interval lies beyond the failing threshold, and warns where the interval
lies beyond the warning one or the value alone beyond the failing one: chance alone should fail nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import duckdb

from rlvr.audit.books.check import CheckResult
from rlvr.audit.report.headline import Movement, movement_of
from rlvr.audit.report.summary import RunSummary
from rlvr.config import RunConfig
from verifiers.bench.rates import Z_95, Share

DOMAIN_ROWS = 200
"""Rows from which on a domain is judged by itself."""
MAX_ROWS = 2
"""Rows that a gate points at; the named query shows all."""


class Level(StrEnum):
    FAIL = "FAIL"
    WARN = "WARN"
    PASS = "PASS"
    NONE = "not measured"
    """The run lacks what the gate would look at; says nothing, for or against."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval, which is the value itself where it was counted and not sampled."""

    value: float
    low: float
    high: float
    n: int
    """How many rows, groups or steps it is drawn from."""

    @classmethod
    def exact(cls, value: float, n: int) -> Estimate:
        return cls(value, value, value, n)

    @classmethod
    def share(cls, count: int, of: int) -> Estimate:
        """A share with its Wilson interval; of nothing at all it may be anything."""
        found = Share.counted(count, of)
        return cls(found.rate, found.low, found.high, of)

    @classmethod
    def normal(cls, value: float, stderr: float, n: int) -> Estimate:
        return cls.within(value, Z_95 * stderr, n)

    @classmethod
    def within(cls, value: float, margin: float, n: int) -> Estimate:
        return cls(value, value - margin, value + margin, n)

    @classmethod
    def change(cls, values: Sequence[float], edge: int) -> Estimate:
        """From the mean of the first values, `edge` or half of them, to that of the last."""
        edge = min(edge, len(values) // 2)
        moved = movement_of("", values[:edge], values[-edge:])
        return cls.within(moved.change, moved.change_margin or 0.0, len(values))


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule and what became of it. Values are in `unit`; larger is worse."""

    name: str
    title: str
    level: Level
    found: Estimate | None
    warn: float
    fail: float | None
    """None: the gate warns at most, since an innocent run may show the same."""
    unit: str
    about: str
    """What was looked at, in a sentence."""
    section: str
    """The part of the report that shows more."""
    rows: tuple[str, ...] = ()
    """`row_hash` of ledger rows to read first."""
    query: str | None = None
    """What to ask `rlvr audit sql` for all rows."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What rules may look at: an open ledger, the run's summary, its check, and its configs."""

    ledger: duckdb.DuckDBPyConnection
    summary: RunSummary
    check: CheckResult
    reward: Movement | None
    held_out: tuple[Movement, ...]
    configs: tuple[RunConfig | None, ...]
    """By attempt: None for an imported one, of whose reward policy and of what it lost or left undecided
    nothing is known, and for one whose config this version cannot read."""
    evaluated: frozenset[str] = frozenset()
    """Ids of the held-out problems that the run was evaluated on."""

    @property
    def ours(self) -> bool:
        """Whether this project made the run, and not another trainer."""
        return any(self.configs)

    @property
    def edge(self) -> int:
        """How many steps at either end stand for the start and the end of the run."""
        return self.summary.reward.edge

    @property
    def last_step(self) -> int:
        """The first of the steps that stand for the end of the run."""
        return self.summary.steps[-self.edge] if self.summary.steps else 0

    @property
    def first_step(self) -> int:
        """The last of the steps that stand for the start of the run."""
        return self.summary.steps[: self.edge][-1] if self.summary.steps else 0

    def one(self, sql: str, **parameters: object) -> tuple[float, ...]:
        """The one row of a query."""
        row = self.ledger.execute(sql, parameters).fetchone()
        assert row is not None  # every rule's query is an aggregate, which has one row
        return row

    def worst_share(self, condition: str) -> Estimate | None:
        """The share of rows that meet a condition: of all, or of the domain in which it is surely highest.

        A fault of one domain must not drown in the others; a domain of few rows says nothing by itself.
        """
        found = self.ledger.execute(
            f"SELECT count(*) FILTER ({condition}), count(*) FROM held "
            f"GROUP BY ROLLUP (domain) HAVING grouping(domain) = 1 OR count(*) >= {DOMAIN_ROWS}"
        ).fetchall()
        return max((Estimate.share(*pair) for pair in found), key=lambda one: one.low, default=None)

    def hashes(self, sql: str, **parameters: object) -> tuple[str, ...]:
        """The first column of up to `MAX_ROWS` rows of a query."""
        found = self.ledger.execute(f"{sql} LIMIT {MAX_ROWS}", parameters).fetchall()
        return tuple(str(row[0]) for row in found)


Rule = Callable[[Evidence], Gate]


def judged(
    name: str,
    title: str,
    found: Estimate | None,
    about: str,
    *,
    warn: float,
    fail: float | None,
    section: str,
    unit: str = "share",
    rows: tuple[str, ...] = (),
    query: str | None = None,
) -> Gate:
    """A gate with its level; nothing found, or in nothing at all, is not measured."""
    level = Level.NONE if found is None or not found.n else _level(found, warn, fail)
    kept = found if level is not Level.NONE else None
    return Gate(name, title, level, kept, warn, fail, unit, about, section, rows, query)


def _level(found: Estimate, warn: float, fail: float | None) -> Level:
    if fail is not None and found.low > fail:
        return Level.FAIL
    if found.low > warn or (fail is not None and found.value > fail):
        return Level.WARN
    return Level.PASS
