"""`rlvr quickstart`: the whole loop on a laptop, every part real."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from guru_data import SyntheticConfig
from rlvr.cli.train import Overrides
from rlvr.config import RunConfig, load_config
from rlvr.errors import ConfigError

if TYPE_CHECKING:
    from rlvr.evaluate import Evaluation

REWARD_WINDOW = 5
"""Steps averaged at each end of the run."""


def quickstart(overrides: Overrides = []) -> None:  # noqa: B006 - typer copies it
    """Make a small base model, train it on two CPU cores, and say what it learned."""
    with as_file(files("rlvr") / "configs" / "quickstart.toml") as path:
        config = load_config(RunConfig, path, overrides)
    if not isinstance(config.data, SyntheticConfig):
        raise ConfigError("the quickstart warms its model up on synthetic problems: leave data.kind alone")
    from rlvr.launch import run_training
    from rlvr.warmup import warm_base_model

    began = time.monotonic()
    if not warm_base_model(Path(config.model), config.data, config.learner.threads):
        typer.echo(f"base model: {config.model}, kept from an earlier run")
    set_aside(Path(config.out_dir) / config.name)
    outcome = run_training(config)
    typer.echo(summary(outcome.directory, outcome.done, config.steps))
    typer.echo(f"took {time.monotonic() - began:.0f} s\nreport: {outcome.report}")


def set_aside(directory: Path) -> None:
    """Rename an earlier run's directory, so that a new one can take its name and nothing is lost."""
    if directory.exists():
        stamp = datetime.fromtimestamp(directory.stat().st_mtime).strftime("%Y%m%d-%H%M%S")
        aside = directory.with_name(f"{directory.name}-{stamp}")
        directory.rename(aside)
        typer.echo(f"the earlier run is kept in {aside}")


def summary(directory: Path, done: int, steps: int) -> str:
    """What a run learned in `done` of its `steps` steps; one that was stopped has fewer lines to tell."""
    from rlvr.audit.books.metrics import read_metrics
    from rlvr.evaluate import read_evaluations

    metrics = read_metrics(directory)
    rewards = [value for m in metrics if (value := m.get("reward/mean")) is not None]
    diffs = [value for m in metrics if (value := m.get("policy/logprob_diff")) is not None]
    evaluations = read_evaluations(directory)
    lines = [f"stopped after {done} of {steps} steps"] if done < steps else []
    if rewards:
        lines.append(_reward_line(rewards))
    if len(evaluations) > 1:
        lines += _heldout_lines(evaluations[min(evaluations)], evaluations[max(evaluations)])
    if diffs:
        lines.append(f"|log p(vLLM) - log p(learner)|  at most {max(diffs):.4f} nats per token in any step")
    return "\n".join(lines)


def _reward_line(rewards: Sequence[float]) -> str:
    window = min(REWARD_WINDOW, len(rewards))
    first, last = (sum(part) / window for part in (rewards[:window], rewards[-window:]))
    return (
        f"reward        first {window} steps {first:.3f}  last {window} steps {last:.3f}  {last - first:+.3f}"
    )


def _heldout_lines(before: Evaluation, after: Evaluation) -> list[str]:
    from rlvr.evaluate import paired_difference

    change = paired_difference(before, after)
    return [
        f"held-out      pass@1 {before.pass_at_1:.3f} -> {after.pass_at_1:.3f}  "
        f"{change.mean:+.3f} ± {change.stderr:.3f} (paired, n={change.problems})",
        f"right if in form     {before.pass_given_form:.3f} -> {after.pass_given_form:.3f}",
    ]
