"""Is a step with `ahead = 1` slower than one with 0? The same short training, side by side, in turns."""

from __future__ import annotations

from statistics import median

from rlvr.audit.books.metrics import read_metrics
from tests.benchmarks.learning import quickstart
from tests.benchmarks.record import Measurement, publish

ROUNDS = 2
STEPS = 12
WARM_STEPS = 2
"""Not counted: the first steps allocate."""


def run() -> None:
    seconds: dict[int, list[float]] = {0: [], 1: []}
    for turn in range(ROUNDS):
        for ahead in seconds:
            overrides = (f"rollout.ahead={ahead}", f"steps={STEPS}", "eval.problems=16", f"seed={turn}")
            directory = quickstart(f"ahead-{ahead}-{turn}", *overrides)
            steps = [m["time/step"] for m in read_metrics(directory) if m.get("time/step") is not None]
            seconds[ahead] += [s for s in steps[WARM_STEPS:] if s is not None]
    publish(
        "pipelining",
        [
            Measurement(
                "step with ahead = 1", "s", median(seconds[1]), "ahead = 0", median(seconds[0]),
                len(seconds[1]), "python -m tests.benchmarks pipelining",
            )
        ],
    )  # fmt: skip
