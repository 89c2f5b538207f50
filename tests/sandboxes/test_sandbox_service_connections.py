"""Connections that bring no request, of which anybody may open as many as they like."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from sandboxes.service.connections import Watch

DESCRIPTORS = 100
HALF_A_HEAD = b"POST /v1/execute HTTP/1.1\r\n"
HEAD_WITHOUT_BODY = HALF_A_HEAD + b"Host: x\r\nContent-Length: 9\r\n\r\n{"
UPGRADE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


@dataclass(eq=False)
class Request:
    more_body: bool = False
    response_complete: bool = False


@dataclass(eq=False)
class Connection:
    """As far as uvicorn's are looked at."""

    cycle: Request | None = None


def closed_at(connections: list[Connection], *times: float, most: int = 10) -> list[list[int]]:
    """Which of them a watch closes, by their place, each time that it looks."""
    watch = Watch(most=most, head_limit_s=10)
    return [[connections.index(each) for each in watch.to_close(connections, now)] for now in times]


def test_only_a_connection_without_a_whole_head_is_closed_for_its_time() -> None:
    connections = [
        Connection(),
        Connection(Request(response_complete=True)),
        Connection(Request(more_body=True)),
        Connection(Request()),
    ]
    assert closed_at(connections, 0, 9, 11) == [[], [], [0, 1]]


def test_a_connection_that_is_used_again_and_again_stays() -> None:
    watch = Watch(most=10, head_limit_s=10)
    connection = Connection()
    for now in range(0, 60, 6):
        connection.cycle = Request(response_complete=True)
        assert watch.to_close([connection], now) == []


def test_where_there_are_too_many_those_that_wait_longest_go_and_none_that_is_being_answered() -> None:
    answered, first, second = Connection(Request()), Connection(), Connection(Request(more_body=True))
    watch = Watch(most=2, head_limit_s=10)
    assert watch.to_close([answered, first], 0) == []
    assert watch.to_close([answered, second, first], 1) == [first]
    assert closed_at([answered, answered, answered], 0, most=2) == [[]]


@contextlib.contextmanager
def serving_with_few_descriptors(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        ["prlimit", f"--nofile={DESCRIPTORS}", sys.executable, "-m", *arguments, "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().rsplit(" ", 1)[-1].strip(), process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(("sandboxes", "serve", "--workers", "1"), id="sandboxes"),
        pytest.param(("verifiers", "serve", "--workers", "1", "--only", "choice"), id="verifiers"),
    ],
)
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(HALF_A_HEAD, id="half-a-head"),
        pytest.param(HEAD_WITHOUT_BODY, id="no-body"),
        pytest.param(UPGRADE, id="websocket"),
    ],
)
def test_more_connections_than_descriptors_keep_nobody_out(service: tuple[str, ...], sent: bytes) -> None:
    with serving_with_few_descriptors(*service) as (url, process), contextlib.ExitStack() as open_sockets:
        port = int(url.rpartition(":")[2])
        for _ in range(DESCRIPTORS + 10):
            half = open_sockets.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            half.sendall(sent)
        assert httpx.get(f"{url}/livez", timeout=30).status_code == 200
        process.kill()
        assert process.stderr is not None
        assert process.stderr.read().count("out of system resource") < DESCRIPTORS
