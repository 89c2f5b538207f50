"""Prometheus metrics of one service, in a registry of its own so that two apps in a process do not
collide."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sandboxes.pool import SandboxPool
from sandboxes.service.problems import Problem
from sandboxes.types import ExecutionRequest, ExecutionResult

SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)
COMMAND = "argv"
"""The `language` of a request that names a command."""


class Metrics:
    """Counts results by language and outcome, problems by status, and shows the queue."""

    def __init__(self, pool: SandboxPool) -> None:
        self._registry = CollectorRegistry()
        self._results = Counter(
            "sandboxes_results", "Programs run", ["language", "outcome"], registry=self._registry
        )
        self._problems = Counter(
            "sandboxes_problems", "Requests and items without a result", ["status"], registry=self._registry
        )
        self._program_seconds = Histogram(
            "sandboxes_program_seconds", "Wall time of a program in its sandbox", ["language"],
            buckets=SECONDS, registry=self._registry,
        )  # fmt: skip
        self._other_seconds = Histogram(
            "sandboxes_other_seconds", "What waiting, starting a sandbox and compiling took beside that",
            buckets=SECONDS, registry=self._registry,
        )  # fmt: skip
        pending = Gauge("sandboxes_pending", "Programs waiting or running", registry=self._registry)
        pending.set_function(lambda: pool.pending)

    def count(self, request: ExecutionRequest, result: ExecutionResult, took_s: float) -> None:
        language = request.language or COMMAND
        self._results.labels(language, result.outcome).inc()
        self._program_seconds.labels(language).observe(result.wall_s)
        self._other_seconds.observe(max(0.0, took_s - result.wall_s))

    def count_problem(self, found: Problem) -> None:
        self._problems.labels(str(found.status)).inc()

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
