"""How far a run's rewards can be trusted: what the hack detectors hit, and how often its verifier erred.

    open ledger --read_reliability--> Reliability --as_data--> plain data for report.json

The gates judge; here are the tables behind them.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from pydantic import JsonValue

from rlvr.audit.detectors import DETECTORS
from rlvr.audit.detectors.precision import Quality, shipped_quality
from rlvr.audit.gates.base import Estimate
from rlvr.audit.opinions.rates import METHOD, ErrorRates, error_rates, undecided_trend
from verifiers.bench.rates import Share


@dataclass(frozen=True, slots=True)
class Detected:
    """One detector in this run, beside what it is worth on the labelled cases."""

    name: str
    about: str
    rows: int
    rewarded: int
    quality: Quality


@dataclass(frozen=True, slots=True)
class Reliability:
    detectors: tuple[Detected, ...]
    """Those with the most rewarded hits first; none if no row was looked at."""
    rates: tuple[ErrorRates, ...]
    undecided: Estimate | None
    """Correlation of the undecided share with the mean reward, step by step."""


_HITS = "SELECT detector, count(*), count(*) FILTER (score > 0) FROM detections GROUP BY detector"


def read_reliability(ledger: duckdb.DuckDBPyConnection) -> Reliability:
    """Gather the tables from an open ledger."""
    hits = {name: (rows, rewarded) for name, rows, rewarded in ledger.execute(_HITS).fetchall()}
    [(looked_at,)] = ledger.execute("SELECT count(detectors) FROM held").fetchall()
    quality = shipped_quality()
    found = [
        Detected(one.name, one.about, *hits.get(one.name, (0, 0)), quality[one.name])
        for one in (DETECTORS if looked_at else ())
    ]
    found.sort(key=lambda one: (-one.rewarded, -one.rows))
    return Reliability(tuple(found), error_rates(ledger), undecided_trend(ledger))


def as_data(found: Reliability) -> dict[str, JsonValue]:
    """The same for programs."""
    return {
        "detectors": [
            {
                "name": one.name,
                "rows": one.rows,
                "rewarded": one.rewarded,
                "counted_by_gate": one.quality.counted,
                "precision_on_labelled_cases": _share(one.quality.precision),
                "recall_on_labelled_cases": _share(one.quality.recall),
            }
            for one in found.detectors
        ],
        "error_rates": [
            {
                "opinion": one.opinion,
                "domain": one.domain or None,
                "opinions": one.opinions,
                "rollouts": one.rollouts,
                "false_positives": _estimate(one.false_positives),
                "false_negatives": _estimate(one.false_negatives),
            }
            for one in found.rates
        ],
        "error_rates_method": METHOD,
        "undecided_with_reward": _estimate(found.undecided),
    }


def _estimate(found: Estimate | None) -> JsonValue:
    if found is None:
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}


def _share(found: Share) -> JsonValue:
    return {"value": found.rate, "low": found.low, "high": found.high, "n": found.of}
