"""Prometheus metrics of one service, in a registry of its own so that two apps in a process do not
collide."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from verifiers.errors import VerifierError, error_kind
from verifiers.types import Verdict
from verifiers.workers.pool import WorkerPool

RUN_SECONDS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)


class Metrics:
    """Counts verdicts by verifier and status, errors by kind, and shows the queue."""

    def __init__(self, pool: WorkerPool) -> None:
        self._registry = CollectorRegistry()
        self._verdicts = Counter(
            "verifiers_verdicts", "Verdicts given", ["verifier", "status", "reason"], registry=self._registry
        )
        self._errors = Counter(
            "verifiers_errors", "Requests and items without a verdict", ["kind"], registry=self._registry
        )
        self._run_seconds = Histogram(
            "verifiers_run_seconds", "Wall time of a grading", ["verifier"],
            buckets=RUN_SECONDS, registry=self._registry,
        )  # fmt: skip
        waiting = Gauge("verifiers_waiting", "Requests waiting for a worker", registry=self._registry)
        waiting.set_function(lambda: pool.waiting)
        in_flight = Gauge("verifiers_in_flight", "Requests waiting or being graded", registry=self._registry)
        in_flight.set_function(lambda: pool.in_flight)

    def count(self, outcome: Verdict | VerifierError) -> None:
        if isinstance(outcome, Verdict):
            self._verdicts.labels(outcome.verifier, outcome.status, outcome.reason).inc()
            self._run_seconds.labels(outcome.verifier).observe(outcome.elapsed_ms / 1e3)
        else:
            self._errors.labels(error_kind(outcome)).inc()

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)
