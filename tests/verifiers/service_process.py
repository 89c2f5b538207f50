"""The service in a process of its own, with any configuration: the program, and how tests run it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from verifiers.service.config import ServiceConfig
from verifiers.service.serve import run_server

START_LIMIT_S = 60.0


@dataclass(frozen=True)
class ServedProcess:
    pid: int
    url: str

    @property
    def workers(self) -> list[int]:
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            return [int(child) for child in children.read().split()]


@contextlib.contextmanager
def served_process(
    table: Mapping[str, str], environment: Mapping[str, str] | None = None, **config: object
) -> Iterator[ServedProcess]:
    """A service that is ready; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.verifiers.service_process", json.dumps([table, config])],
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd(), **(environment or {})},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = process.stdout.readline().rsplit(" ", 1)[-1].strip()
        _wait_until_ready(url)
        yield ServedProcess(process.pid, url)
    finally:
        process.kill()
        process.communicate()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"{url} was not ready within {START_LIMIT_S:g} s")


if __name__ == "__main__":
    table, config = json.loads(sys.argv[1])
    run_server(table, ServiceConfig(**config), host="127.0.0.1", port=0)
