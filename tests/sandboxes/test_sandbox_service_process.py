"""The service as a process of its own, stopped by SIGTERM in the middle of work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from sandboxes import SandboxPool
from sandboxes.conformance import survivors
from sandboxes.errors import ServiceSetupError
from sandboxes.scripted_backend import ScriptedBackend
from sandboxes.service.serve import SandboxServer
from tests.cluster.processes import descendants, left_of
from tests.sandboxes.service_tools import until


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandboxes", "serve", "--port", "0", "--workers", "1", "--ceiling", "pids=99"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    url = process.stdout.readline().rsplit(" ", 1)[-1].strip()
    yield process, url
    process.kill()
    process.communicate()


def test_the_service_becomes_ready_and_runs_programs(service: tuple[subprocess.Popen[str], str]) -> None:
    with httpx.Client(base_url=service[1], timeout=60) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/run_code", json={"code": "print(1)", "language": "python"}).json()["status"] == (
            "Success"
        )
        refused = client.post("/v1/execute", json={"argv": ["true"], "limits": {"pids": 100}})
        assert "pids=100 is above 99" in refused.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/execute", "/v1/execute/batch"])
def test_a_client_that_hangs_up_leaves_no_program_running(
    service: tuple[subprocess.Popen[str], str], path: str
) -> None:
    token = f"hung-up-mark-{path.rpartition('/')[2]}"
    program = {"argv": ["sh", "-c", f"sleep 60 # {token}"], "limits": {"wall_s": 60}}
    body = {"items": [program] * 3} if path.endswith("batch") else program

    def call_and_hang_up() -> None:
        with httpx.Client(base_url=service[1], timeout=1.0) as client, pytest.raises(httpx.ReadTimeout):
            client.post(path, json=body)

    caller = threading.Thread(target=call_and_hang_up)
    caller.start()
    until(lambda: bool(survivors(token)))
    caller.join(20)
    until(lambda: not survivors(token))


def test_sigterm_lets_a_request_in_flight_finish_and_ends_everything(
    service: tuple[subprocess.Popen[str], str],
) -> None:
    process, url = service
    results: list[dict[str, object]] = []
    token = "sigterm-mark"
    body = {"argv": ["sh", "-c", f"sleep 0.6; echo done # {token}"]}
    slow = threading.Thread(
        target=lambda: results.append(json.loads(httpx.post(f"{url}/v1/execute", json=body).text))
    )
    slow.start()
    until(lambda: bool(survivors(token)))
    family = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    slow.join(20)
    assert process.wait(20) == 0
    assert [result["stdout"] for result in results] == ["done\n"]
    assert family
    assert left_of(family, within_s=5) == []


def test_an_address_that_is_not_loopback_needs_a_token() -> None:
    with SandboxPool(ScriptedBackend([])) as pool, pytest.raises(ServiceSetupError, match="SANDBOXES_TOKEN"):
        SandboxServer(pool, host="0.0.0.0")


def test_a_port_that_is_taken_is_one_clear_error_on_the_command_line() -> None:
    with SandboxPool(ScriptedBackend([])) as pool:
        first = SandboxServer(pool)
        port = first.url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "sandboxes", "serve", "--port", port, "--backend", "bubblewrap"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=os.environ
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot listen" in done.stderr
