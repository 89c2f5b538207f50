"""Does it learn? The quickstart with three seeds, and a control that must not learn.

The control permutes the rewards across each step's rollouts: same rewards, no information. Held-out
problems are graded by the true verifiers in both.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from rlvr.audit.books.metrics import read_metrics
from rlvr.evaluate import paired_difference, read_evaluations
from tests.benchmarks.record import Measurement, publish

SEEDS = (1, 2, 3)
OUT = Path("runs/bench")


def quickstart(name: str, *overrides: str) -> Path:
    """One quickstart under another name; returns its directory."""
    settings = [f"name={name}", f"out_dir={OUT}", *overrides]
    flags = [flag for setting in settings for flag in ("--set", setting)]
    subprocess.run([sys.executable, "-m", "rlvr", "quickstart", *flags], check=True, timeout=1800)
    return OUT / name


def measure(name: str, directory: Path, seconds: float) -> list[Measurement]:
    evaluations = read_evaluations(directory)
    before, after = evaluations[min(evaluations)], evaluations[max(evaluations)]
    change = paired_difference(before, after)
    metrics = read_metrics(directory)
    rewards = [m["reward/mean"] for m in metrics if m.get("reward/mean") is not None]
    differences = [m["policy/logprob_diff"] for m in metrics if m.get("policy/logprob_diff") is not None]
    command = "python -m tests.benchmarks learning"

    def row(what: str, unit: str, value: float, against: str, baseline: float, runs: int) -> Measurement:
        return Measurement(f"{name}: {what}", unit, value, against, baseline, runs, command)

    n = change.problems
    return [
        row("reward, last 5 steps", "", sum(rewards[-5:]) / 5, "first 5 steps", sum(rewards[:5]) / 5, 1),
        row("held-out pass@1 after", "", after.pass_at_1, "before", before.pass_at_1, n),
        row("rise of pass@1", "", change.mean, "its standard error", change.stderr, n),
        row("right if in form, after", "", after.pass_given_form, "before", before.pass_given_form, n),
        row("worst |log p| difference", "nats", max(differences), "bar", 0.02, len(differences)),
        row("whole run", "s", seconds, "bar", 360.0, 1),
    ]


def run() -> None:
    measurements = []
    runs = {f"seed {seed}": (f"seed={seed}",) for seed in SEEDS}
    runs["control"] = ("seed=1", "algorithm.control=permute")
    for name, overrides in runs.items():
        began = time.monotonic()
        directory = quickstart(name.replace(" ", "-"), *overrides)
        measurements += measure(name, directory, time.monotonic() - began)
    publish("learning", measurements)
