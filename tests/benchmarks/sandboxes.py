"""What a run in each sandbox costs beside a bare interpreter: `python -m sandboxes bench` as a benchmark."""

from __future__ import annotations

from sandboxes.bench import bench
from tests.benchmarks.record import Measurement, publish

RUNS, WORKERS = 300, 2


def run() -> None:
    measures = bench(RUNS, WORKERS, "python -m tests.benchmarks sandboxes")
    publish(
        "sandboxes",
        [
            Measurement(m.name, m.unit, m.value, m.baseline_name, m.baseline, m.runs, m.command)
            for m in measures
        ],
    )
