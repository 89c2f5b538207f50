"""All that a report tells about a run, gathered once.

    run directory --gather--> RunFacts --as_json--> plain data for `--json` and continuous integration

Reading is all that happens here; words, charts and the page are made from the facts.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from rlvr.audit.check import CheckResult, check_run
from rlvr.audit.headline import Movement, held_out_movements, reward_movement
from rlvr.audit.manifest import Manifest, Origin, read_manifest
from rlvr.audit.metrics import read_metrics
from rlvr.audit.query import open_ledger
from rlvr.audit.samples import Exhibit, pick_samples
from rlvr.audit.summary import RunSummary, summarize


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run, as its files tell it."""

    manifest: Manifest
    check: CheckResult
    summary: RunSummary
    samples: dict[str, dict[str, list[Exhibit]]]
    """By domain and outcome."""

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
    with closing(open_ledger(run_dir)) as ledger:
        summary = summarize(ledger, read_metrics(run_dir))
        samples = pick_samples(ledger, [curve.name for curve in summary.domains])
    return RunFacts(manifest, check_run(run_dir), summary, samples)


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
        "ledger": {"ok": check.ok, "head": check.head, "rows": check.rows, "faults": list(check.faults)},
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
