"""The session is judged from outside: by what a driver process leaves listening and running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rlvr.cluster.session import cluster
from tests.cluster.processes import left_of

GONE_WITHIN_S = 30.0


@contextmanager
def driver() -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-m", "tests.cluster.session_program"]
    process = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    facts: dict[str, Any] = json.loads(process.stdout.readline())
    return facts


def test_a_local_ray_listens_on_loopback_survives_an_interrupt_and_leaves_nothing() -> None:
    with driver() as process:
        assert process.stdin is not None
        started = heard(process)
        assert set(started["addresses"]) <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
        assert started["nice"] == os.getpriority(os.PRIO_PROCESS, 0)

        process.stdin.write("\n")
        process.stdin.flush()
        assert heard(process) == {"interrupts": 1, "child": started["child"]}

        process.communicate(timeout=GONE_WITHIN_S)
        assert process.returncode == 0
        assert left_of([*started["family"], *started["agents"]], GONE_WITHIN_S) == []


def test_a_killed_driver_takes_ray_and_the_actors_children_with_it() -> None:
    with driver() as process:
        started = heard(process)
        process.kill()
        assert left_of(started["family"], GONE_WITHIN_S) == []  # the actor's child is one of them


JOIN = """
import sys
from rlvr.cluster.session import cluster
from rlvr.errors import RlvrError
try:
    with cluster(sys.argv[1]):
        pass
except RlvrError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("address", "explanation"),
    [
        pytest.param("127.0.0.1:9", "InfrastructureError ray_address='127.0.0.1:9': nothing", id="nobody"),
        pytest.param("head:node", "ConfigError ray_address='head:node' is none of", id="no-address"),
        pytest.param("ray", "InfrastructureError ray_address='ray': cannot join", id="no-port"),
    ],
)
def test_an_address_without_ray_is_one_clear_error(address: str, explanation: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", JOIN, address], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert said.startswith(explanation)


def test_inside_a_session_another_one_is_the_same(ray_session: None) -> None:
    import ray

    with cluster("local"):
        pass
    assert ray.is_initialized()
    assert os.environ["RAY_AUTH_MODE"] == "token"
