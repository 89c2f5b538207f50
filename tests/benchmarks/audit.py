"""What the audit costs: a step's recording, and a report, a check and a regrade of large runs.

The runs are made here, of graded math, and written by the same `Audit` that a training uses. What is measured
runs in processes of its own; seconds are of the wall, and the processor's seconds are printed beside them,
since they say more where others share the machine. Bars are for two cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from guru_data import Message, Problem
from rlvr.algorithms.base import open_algorithm
from rlvr.audit import Audit, describe, step_metrics
from rlvr.config import RunConfig
from rlvr.rollouts import Rollout, RolloutGroup, Sample, ScoredGroup, VersionSpan
from rlvr.score import score_step
from tests.benchmarks.record import Measurement, publish
from tests.benchmarks.verifiers import pairs
from verifiers import Grader, Verdict, VerifyRequest
from verifiers.registry import VERIFIERS

SEED = 77
GROUP_SIZE = 8
PROBLEMS = 12_500
"""Distinct problems; a run with more groups than that asks them again."""

REPORT_ROWS, REPORT_S, REPORT_MIB, HTML_MIB = 1_000_000, 90.0, 3072.0, 5.0
REGRADE_ROWS, REGRADE_S = 100_000, 120.0
STEP_ROLLOUTS, STEP_MS = 128, 15.0
TIMEOUT_S = 3600
COMMAND = "python -m tests.benchmarks audit"

CONFIG = RunConfig.model_validate(
    {"name": "large", "model": "models/tiny", "steps": 500, "data": {"kind": "synthetic"}}
)

_CHILD = """
import json, resource, sys, time
from pathlib import Path
from rlvr.audit.cli import app
began = time.perf_counter()
app(sys.argv[1:], standalone_mode=False)
seconds = time.perf_counter() - began
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({
    "seconds": seconds,
    "cpu": sum(one.ru_utime + one.ru_stime for one in used),
    "peak_mib": used[0].ru_maxrss / 1024,
    "child_mib": used[1].ru_maxrss / 1024,
}))
"""


class _Maker:
    """Steps of a run without a policy: half of each group answers other problems."""

    def __init__(self, problems: int) -> None:
        found = pairs(problems, SEED)
        self._algorithm = open_algorithm(CONFIG.algorithm)
        self._problems = [_problem(index, reference) for index, (reference, _) in enumerate(found)]
        self._rollouts = _graded_rollouts(found, self._problems)
        self._groups = 0

    def step(self, step: int, rollouts: int) -> list[ScoredGroup]:
        """The next groups, as many rollouts as a step has."""
        groups = [self._group(step) for _ in range(rollouts // GROUP_SIZE)]
        return score_step(groups, CONFIG.reward, self._algorithm)

    def _group(self, step: int) -> RolloutGroup:
        index = self._groups % len(self._problems)
        name = f"{step}/{self._groups}"
        self._groups += 1
        samples = tuple(
            Sample(f"{name}/{i}", replace(rollout, spans=(VersionSpan(step, 0, 1),)), verdict)
            for i, (rollout, verdict) in enumerate(self._rollouts[index])
        )
        return RolloutGroup(step, name, self._problems[index], samples)


def _problem(index: int, reference: str) -> Problem:
    asked = f"Problem {index}. Work out the value of the expression and give it in its simplest form."
    return Problem(
        id=f"math/{index}", prompt=(Message(role="user", content=asked),), domain=f"math{index % 6}",
        data_source=f"made__{index % 12}", verifier="math", ground_truth=reference, source="made",
        licence="CC0-1.0", split="train",
    )  # fmt: skip


def _graded_rollouts(
    found: Sequence[tuple[str, str]], problems: Sequence[Problem]
) -> list[list[tuple[Rollout, Verdict]]]:
    """By problem: texts that are five outputs one after the other, in half of them its own the last."""
    outputs = [output for _, output in found]
    grader = Grader({"math": VERIFIERS["math"]})
    graded = []
    for index, problem in enumerate(problems):
        near = [outputs[(index + i) % len(outputs)] for i in range(GROUP_SIZE // 2)]
        turns = [near[-i:] + near[:-i] for i in range(GROUP_SIZE // 2)]
        texts = ["\n\n".join([*turn, last]) for turn in turns for last in (outputs[index], near[1])]
        requests = [
            VerifyRequest(verifier="math", response=text, ground_truth=problem.ground_truth) for text in texts
        ]
        graded.append([(_rollout(problem.id, one.response), grader.grade(one)) for one in requests])
    grader.close()
    return graded


def _rollout(problem_id: str, text: str) -> Rollout:
    tokens = max(1, len(text) // 4)
    ids, logprobs = np.zeros(tokens, np.int32), np.zeros(tokens, np.float32)
    return Rollout(
        problem_id, np.zeros(20, np.int32), ids, logprobs, text, "stop", (VersionSpan(0, 0, tokens),)
    )


def make_run(run_dir: Path, rows: int, per_step: int, problems: int) -> list[tuple[float, float]]:
    """Record `rows` rollouts of about a thousand characters; returns each step's ms of wall and processor."""
    maker = _Maker(problems)
    origin = describe(CONFIG, model_dir=Path("models/absent"), verifiers={}, command=("rlvr", "train"))
    audit = Audit(run_dir, "large", origin)
    took = []
    for step in range(rows // per_step):
        scored = maker.step(step, per_step)
        began = time.perf_counter(), time.process_time()
        audit.record(step, scored)
        audit.log(step, step_metrics(scored, step))
        took.append(((time.perf_counter() - began[0]) * 1e3, (time.process_time() - began[1]) * 1e3))
    audit.close()
    return took


def audited(run_dir: Path, *arguments: str) -> dict[str, float]:
    """What one `rlvr audit` command took, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, arguments[0], str(run_dir), *arguments[1:]],
        stdout=subprocess.PIPE, text=True, check=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    cost = ", ".join(f"{name} {value:.1f}" for name, value in found.items())
    print(f"{' '.join(arguments)}: {cost}")
    return found


def _recording() -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        took = make_run(Path(folder) / "run", 100 * STEP_ROLLOUTS, STEP_ROLLOUTS, 100)
    names = f"recording a step of {STEP_ROLLOUTS}, median", "  processor"
    return [
        Measurement(name, "ms", median(part), "bar", STEP_MS, len(took), COMMAND)
        for name, part in zip(names, zip(*took, strict=True), strict=True)
    ]


def _reporting(rows: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder) / "run"
        make_run(run_dir, rows, 2_000, min(PROBLEMS, rows // GROUP_SIZE))
        report, check = audited(run_dir, "report"), audited(run_dir, "check")
        html = (run_dir / "report.html").stat().st_size / 2**20
    bar = REPORT_S * rows / REPORT_ROWS
    return [
        *_seconds(f"report of {rows} rows", report, bar),
        Measurement("  peak memory", "MiB", report["peak_mib"], "bar", REPORT_MIB, 1, COMMAND),
        Measurement("  report.html", "MiB", html, "bar", HTML_MIB, 1, COMMAND),
        *_seconds(f"check of {rows} rows", check, bar),
    ]


def _regrading(rows: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder) / "run"
        make_run(run_dir, rows, 1_000, rows // GROUP_SIZE)
        found = audited(run_dir, "regrade", "--verifier", "math", "--workers", "2")
    return _seconds(f"regrade of {rows} rows", found, REGRADE_S * rows / REGRADE_ROWS)


def _seconds(name: str, found: dict[str, float], bar: float) -> list[Measurement]:
    """Of the wall and of the processor; the bar is on the wall of a machine that does nothing else."""
    return [
        Measurement(name, "s", found["seconds"], "bar", bar, 1, COMMAND),
        Measurement("  processor", "s", found["cpu"], "bar", bar, 1, COMMAND),
    ]


def run(share: float = 1.0) -> None:
    """Measure on a share of the rows; bars on seconds shrink with it."""
    measured = [
        *_recording(),
        *_reporting(round(REPORT_ROWS * share)),
        *_regrading(round(REGRADE_ROWS * share)),
    ]
    publish("audit", measured)
