"""Does it learn? The quickstart with three seeds, and three controls that must not learn.

A control permutes the rewards across each step's rollouts: same rewards, no information. Held-out
problems are graded by the true verifiers in both. Updates without information still move the weights,
and with them all problems at once, so a single control wanders by more than its own standard error
over problems tells; seeds are what the two are compared over.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, stdev

from rlvr.audit.books.metrics import read_metrics
from rlvr.evaluate import paired_difference, read_evaluations
from tests.benchmarks.record import Measurement, publish

SEEDS = (1, 2, 3)
KINDS: dict[str, tuple[str, ...]] = {"seed": (), "control": ("algorithm.control=permute",)}
OUT = Path("runs/bench")
COMMAND = "python -m tests.benchmarks learning"
RISE = "rise of pass@1"


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

    def row(what: str, unit: str, value: float, against: str, baseline: float, runs: int) -> Measurement:
        return Measurement(f"{name}: {what}", unit, value, against, baseline, runs, COMMAND)

    n = change.problems
    return [
        row("reward, last 5 steps", "", sum(rewards[-5:]) / 5, "first 5 steps", sum(rewards[:5]) / 5, 1),
        row("held-out pass@1 after", "", after.pass_at_1, "before", before.pass_at_1, n),
        row(RISE, "", change.mean, "its standard error", change.stderr, n),
        row("right if in form, after", "", after.pass_given_form, "before", before.pass_given_form, n),
        row("worst |log p| difference", "nats", max(differences), "bar", 0.02, len(differences)),
        row("whole run", "s", seconds, "bar", 360.0, 1),
    ]


def run() -> None:
    measurements = []
    rises: dict[str, list[float]] = {}
    for kind, settings in KINDS.items():
        for seed in SEEDS:
            name = f"{kind} {seed}"
            began = time.monotonic()
            directory = quickstart(name.replace(" ", "-"), f"seed={seed}", *settings)
            found = measure(name, directory, time.monotonic() - began)
            rises.setdefault(kind, []).append(next(m.value for m in found if m.name.endswith(RISE)))
            measurements += found
    publish("learning", [*measurements, *(_over_seeds(kind, values) for kind, values in rises.items())])


def _over_seeds(kind: str, rises: list[float]) -> Measurement:
    error = stdev(rises) / len(rises) ** 0.5
    name = f"{kind}s: {RISE}, mean of seeds"
    return Measurement(name, "", mean(rises), "its standard error over seeds", error, len(rises), COMMAND)
