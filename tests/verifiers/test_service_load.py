"""The service under load: a real process, real connections, hostile and normal requests mixed."""

import asyncio
import os
import signal
from collections.abc import Mapping

import httpx
import psutil
import pytest

from tests.verifiers.load import CONNECTIONS, Sent, accepted, faults, mixed, normal, p99_s, request, send_all
from tests.verifiers.service_process import served_process
from tests.verifiers.service_tools import ECHO_TABLE
from verifiers.conformance import HOSTILE_RESPONSES
from verifiers.registry import load_verifier

WORKERS = 2
DEADLINE_S = 8.0
GRADING_LIMIT_S = 12.0
"""Twice `EchoVerifier.wall_limit_s`, two new workers, and what a busy machine adds."""
MAX_WAITING = 62
CAPACITY = MAX_WAITING + WORKERS
SMALL: Mapping[str, object] = {
    "workers": WORKERS,
    "max_waiting": MAX_WAITING,
    "default_deadline_s": DEADLINE_S,
    "max_body_bytes": 1_000_000,
}


def test_every_request_is_answered_and_hostile_ones_harm_only_themselves() -> None:
    with served_process(ECHO_TABLE, **SMALL) as service:
        answered = asyncio.run(send_all(service.url, mixed(400, 0.0225, seed=0), at_once=CONNECTIONS))
    assert len(answered) == 400
    assert faults(answered) == []
    assert len(accepted(answered)) > 200
    assert p99_s(accepted(answered)) < DEADLINE_S + GRADING_LIMIT_S


def test_over_capacity_the_rest_is_refused_and_no_verdict_is_lost_with_a_worker() -> None:
    requests = [normal(n, busy_s=0.05) for n in range(4 * CAPACITY)]

    async def flood_and_kill(url: str, workers: list[int]) -> list[int]:
        flood = asyncio.create_task(send_all(url, requests, at_once=4 * CAPACITY))
        await asyncio.sleep(0.5)
        for worker in workers[:1]:
            os.kill(worker, signal.SIGKILL)
        answered = await flood
        assert len(answered) == 4 * CAPACITY
        assert faults(answered) == []
        assert p99_s(accepted(answered)) < DEADLINE_S + GRADING_LIMIT_S
        return [found.response.status_code for found in answered]

    with served_process(ECHO_TABLE, **SMALL) as service:
        before = service.workers
        statuses = asyncio.run(flood_and_kill(service.url, before))
        after = service.workers
        verdicts = _verdicts(service.url)
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= CAPACITY
    assert verdicts == statuses.count(200)
    assert len(after) == WORKERS
    assert before[0] not in after


def _verdicts(url: str) -> int:
    """How many verdicts on `echo` the service says it gave."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    counted = [
        line for line in lines if line.startswith("verifiers_verdicts_total") and 'verifier="echo"' in line
    ]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in counted)


def _attacks(name: str) -> list[Sent]:
    """What no verifier of ours may fall for, on the reference of its own right example."""
    right = next(example for example in load_verifier(name).examples if example.score == 1.0)
    return [request(name, response, right.ground_truth, 0.0, None) for response in HOSTILE_RESPONSES]


@pytest.mark.soak
def test_the_service_stays_within_its_memory_whatever_it_is_sent() -> None:
    table = {
        **ECHO_TABLE,
        "math": "verifiers.math.verifier:MathVerifier",
        "stem": "verifiers.stem:StemVerifier",
        "table": "verifiers.table:TableVerifier",
        "ordering": "verifiers.puzzles.ordering:OrderingVerifier",
    }
    attacks = [request for name in ("math", "stem", "table", "ordering") for request in _attacks(name)]
    with served_process(table, **{**SMALL, "max_waiting": 512, "default_deadline_s": 60.0}) as service:
        for seed in range(8):
            requests = mixed(2_000, 0.005, seed=seed) + attacks
            answered = asyncio.run(send_all(service.url, requests, at_once=CONNECTIONS))
            assert len(answered) == len(requests)
            assert faults(answered) == []
        process = psutil.Process(service.pid)
        processes = [process, *process.children(recursive=True)]
        resident_mb = sum(one.memory_info().rss for one in processes) / 2**20
    assert resident_mb < 1_024
