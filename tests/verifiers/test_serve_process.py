"""The service as a process of its own, with a plug-in of a third party, stopped by a signal in the middle
of work."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.verifiers.service_tools import echo
from verifiers.client import SyncVerifierClient
from verifiers.errors import VerifierSetupError
from verifiers.registry import plugin_table
from verifiers.service.serve import VerifierServer
from verifiers.types import Verdict


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with open(tmp_path / "stderr", "w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "verifiers", "serve", "--port", "0", "--workers", "1", "--only", "echo",
             "--plugin", "echo=tests.verifiers.service_tools:EchoVerifier"],
            stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()},
            start_new_session=True,
        )  # fmt: skip
    assert process.stdout is not None
    url = process.stdout.readline().rsplit(" ", 1)[-1].strip()
    yield process, url
    process.kill()
    process.communicate()


def _sigterm(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)


def _ctrl_c(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process in the foreground


@pytest.mark.parametrize("end", [_sigterm, _ctrl_c])
def test_a_signal_lets_a_request_in_flight_finish_and_ends_everything(
    service: tuple[subprocess.Popen[str], str],
    end: Callable[[subprocess.Popen[str]], None],
    tmp_path: Path,
) -> None:
    process, url = service
    verdicts: list[Verdict] = []
    with SyncVerifierClient(url, deadline_s=30) as client:
        assert client.verify(echo("a")).score == 1.0
        workers = _children(process.pid)
        slow = threading.Thread(target=lambda: verdicts.append(client.verify(echo("sleep 0.6", "sleep 0.6"))))
        slow.start()
        time.sleep(0.2)
        end(process)
        slow.join(20)
    assert process.wait(20) == 0
    assert [verdict.score for verdict in verdicts] == [1.0]
    assert (tmp_path / "stderr").read_text() == ""
    assert workers
    assert not any(os.path.exists(f"/proc/{worker}") for worker in workers)


def test_an_address_that_is_not_loopback_needs_a_token() -> None:
    with pytest.raises(VerifierSetupError, match="token"):
        VerifierServer(plugin_table({}), host="0.0.0.0")


def test_a_port_that_is_taken_is_one_clear_error() -> None:
    first = VerifierServer(plugin_table({}))
    with pytest.raises(VerifierSetupError, match="cannot listen"):
        VerifierServer(plugin_table({}), port=int(first.url.rsplit(":", 1)[1]))


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]
