"""All that a report tells about a run, gathered once.

    run directory --gather--> RunFacts --as_json--> plain data for `--json` and continuous integration

Reading is all that happens here; words, charts and the page are made from the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
from pydantic import JsonValue

from rlvr.audit.asking.query import open_ledger
from rlvr.audit.attempts import attempt_configs
from rlvr.audit.books.check import CheckResult, check_run
from rlvr.audit.books.manifest import Manifest, Origin, read_manifest
from rlvr.audit.books.metrics import read_metrics
from rlvr.audit.gates import Evidence, Gate, Level, judge, worst
from rlvr.audit.report.headline import Movement, held_out_movements, reward_movement
from rlvr.audit.report.reliability import Reliability, read_reliability
from rlvr.audit.report.reliability import as_data as reliability_data
from rlvr.audit.report.samples import Exhibit, pick_groups, pick_samples
from rlvr.audit.report.summary import RunSummary, summarize
from rlvr.config import RunConfig
from rlvr.errors import LedgerError
from rlvr.evaluate import Evaluation, read_evaluations


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run, as its files tell it."""

    manifest: Manifest
    check: CheckResult
    summary: RunSummary
    samples: dict[str, dict[str, list[Exhibit]]]
    """By domain and outcome."""
    gates: tuple[Gate, ...]
    siblings: dict[str, list[Exhibit]]
    """By row hash, for each row that a gate points at: its whole group, itself first."""
    reliability: Reliability

    @property
    def level(self) -> Level:
        """Of the worst gate; where no rollout was recorded nothing can pass."""
        found = worst(self.gates)
        return found if self.summary.balance.requested or found is Level.FAIL else Level.NONE

    @property
    def gates_worst_first(self) -> list[Gate]:
        """Those that fail, warn, pass and that were not measured, each in the order of the table."""
        order = list(Level)
        return sorted(self.gates, key=lambda gate: order.index(gate.level))

    @property
    def origin(self) -> Origin:
        """What the latest attempt was started from."""
        return self.manifest.attempts[-1]

    @property
    def reward(self) -> Movement | None:
        return reward_movement(self.summary)

    @property
    def held_out(self) -> list[Movement]:
        return held_out_movements(self.summary)


def gather(run_dir: Path) -> RunFacts:
    """Read a run's books, finished or not.

    Raises:
        LedgerError: there is no run, or its books are too damaged to read.
    """
    manifest = read_manifest(run_dir)
    with ThreadPoolExecutor(max_workers=1) as beside, closing(open_ledger(run_dir, texts=False)) as ledger:
        checking = beside.submit(check_run, run_dir)  # mostly Python, while queries are mostly DuckDB
        evaluations = _evaluations(run_dir)
        summary = summarize(ledger, read_metrics(run_dir), evaluations)
        samples = pick_samples(ledger, run_dir, [curve.name for curve in summary.domains])
        check = checking.result()
        evaluated = frozenset(r.problem_id for one in evaluations.values() for r in one.results)
        gates = judge(evidence_of(ledger, attempt_configs(run_dir), summary, check, evaluated))
        siblings = pick_groups(ledger, run_dir, {row for gate in gates for row in gate.rows})
        reliability = read_reliability(ledger)
    return RunFacts(manifest, check, summary, samples, gates, siblings, reliability)


def _evaluations(run_dir: Path) -> dict[int, Evaluation]:
    try:
        return read_evaluations(run_dir)
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"the evaluations of {run_dir} cannot be read: {error!r}") from error


def evidence_of(
    ledger: duckdb.DuckDBPyConnection,
    configs: Sequence[RunConfig | None],
    summary: RunSummary,
    check: CheckResult,
    evaluated: frozenset[str] = frozenset(),
) -> Evidence:
    """What gates may look at, from what was already read of a run."""
    return Evidence(
        ledger,
        summary,
        check,
        reward_movement(summary),
        tuple(held_out_movements(summary)),
        configs=tuple(configs),
        evaluated=evaluated,
    )


def as_json(facts: RunFacts) -> dict[str, JsonValue]:
    """The facts without samples, as `rlvr audit report --json` prints them."""
    summary, check = facts.summary, facts.check
    return {
        "run_id": facts.manifest.run_id,
        "name": facts.manifest.name,
        "attempts": len(facts.manifest.attempts),
        "steps": len(summary.steps),
        "reward": None if facts.reward is None else _movement(facts.reward),
        "held_out": {movement.name: _movement(movement) for movement in facts.held_out},
        "balance": {
            "requested": summary.balance.requested,
            "used": summary.balance.used,
            "dropped": dict(summary.balance.dropped),
            "superseded": summary.superseded,
        },
        "outcomes": dict(summary.totals),
        "verdict": facts.level.value,
        "gates": [_gate(gate) for gate in facts.gates],
        **reliability_data(facts.reliability),
        "ledger": {"ok": check.ok, "head": check.head, "rows": check.rows, "faults": list(check.faults)},
    }


def _gate(gate: Gate) -> dict[str, JsonValue]:
    found = gate.found
    return {
        "name": gate.name,
        "level": gate.level.value,
        "value": None if found is None else found.value,
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "n": 0 if found is None else found.n,
        "warn": gate.warn,
        "fail": gate.fail,
        "unit": gate.unit,
        "about": gate.about,
        "rows": list(gate.rows),
        "query": gate.query,
    }


def _movement(movement: Movement) -> dict[str, JsonValue]:
    return {
        "before": movement.before,
        "after": movement.after,
        "before_stderr": movement.before_stderr,
        "after_stderr": movement.after_stderr,
        "change": movement.change,
        "verdict": movement.word,
    }
