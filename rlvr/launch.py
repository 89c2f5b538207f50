"""Runs a training from its config to its report: plan, wire, train, and say what came out.

Ctrl-C asks the loop to stop; it checkpoints, and everything is ended. A second Ctrl-C leaves at once.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from rlvr.audit.report.page import REPORT_FILE
from rlvr.config import RunConfig
from rlvr.console import RunConsole
from rlvr.evaluate import Evaluation
from rlvr.run import Run
from rlvr.train import train
from rlvr.wire import Plan, plan, wire


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training left behind; `evaluations` by the number of steps done."""

    directory: Path
    report: Path
    done: int
    evaluations: dict[int, Evaluation]


def run_training(config: RunConfig, *, resume: bool = False) -> Outcome:
    """Train as configured; everything that was started has ended when this returns.

    Raises:
        ConfigError: it cannot be run as configured; nothing was started.
        InfrastructureError, TrainingStoppedError, LedgerError: it ended early; what was learned up
            to then is in the newest checkpoint.
    """
    planned = plan(config, resume=resume)
    with RunConsole(config.steps) as console:
        done, evaluations = asyncio.run(_train(planned, console))
    return Outcome(planned.directory, planned.directory / REPORT_FILE, done, evaluations)


async def _train(planned: Plan, console: RunConsole) -> tuple[int, dict[int, Evaluation]]:
    console.say("starting Ray, the verifier service, the generators and the learner")
    async with wire(planned, console) as run:
        _stop_on_interrupt(run)
        done = await train(run, first=run.first, steps=planned.config.steps)
        return done, run.evaluations


def _stop_on_interrupt(run: Run) -> None:
    """The first SIGINT or SIGTERM asks the loop to stop; the second takes its usual course."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        print("stopping after a checkpoint; once more leaves at once", file=sys.stderr, flush=True)
        run.stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask)
