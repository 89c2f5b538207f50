"""The code of SandboxFusion's clients themselves, verl's and ByteDance's, against the service on a socket."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sandboxes import ExecutionRequest, ExecutionResult, Outcome, SandboxPool
from sandboxes.scripted_backend import ScriptedBackend, answer
from sandboxes.service.config import ServiceConfig
from sandboxes.service.serve import SandboxServer
from tests.sandboxes.service_tools import until

RIGHT, WRONG, RUNTIME_ERROR, TIMEOUT, COMPILE_ERROR, API_ERROR = True, False, -2, -3, -4, -1
"""What verl makes of an answer."""
ADD = "print(sum(map(int, input().split())))"


class SlowAtFirst(ScriptedBackend):
    """Its first program outlasts verl's first tries."""

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        if not self.requests:
            await asyncio.sleep(1.5)
        return await super().run(request)


class FailsAtFirst(ScriptedBackend):
    """Its sandboxes fail at a program that adds, as often as the pool tries one by itself."""

    failures_left = 2

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        if ADD not in (request.source or ""):
            return await super().run(request)
        self.failures_left -= 1
        return answer(Outcome.SANDBOX_ERROR) if self.failures_left >= 0 else answer(Outcome.OK, stdout="3\n")


@contextmanager
def serving(pool: SandboxPool, config: ServiceConfig | None = None) -> Iterator[str]:
    """The service in a thread of its own; its URL."""
    server = SandboxServer(pool, config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join(30)


@pytest.fixture(scope="module")
def url(warm_pool: SandboxPool) -> Iterator[str]:
    with serving(warm_pool) as found:
        yield found


@pytest.fixture(scope="module")
def verl() -> ModuleType:
    """The one file of verl that speaks with SandboxFusion: the package itself would load a whole trainer."""
    package = importlib.util.find_spec("verl")
    if package is None or not package.submodule_search_locations:
        pytest.skip("verl is not installed: pip install --no-deps verl")
    file = Path(package.submodule_search_locations[0], "utils/reward_score/sandbox_fusion/utils.py")
    spec = importlib.util.spec_from_file_location("verl_sandbox_fusion", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fusion() -> Any:
    return pytest.importorskip("sandbox_fusion", reason="pip install sandbox-fusion")


def check(verl: ModuleType, url: str, code: str, language: str = "python", timeout: float = 5) -> object:
    """verl's verdict on a program that should add two numbers."""
    cases = {"inputs": ["1 2"], "outputs": ["3"]}
    results, _ = verl.check_correctness(
        f"{url}/run_code", cases, code, timeout=timeout, memory_limit_mb=256, language=language
    )
    return results[0]


@pytest.mark.parametrize(
    ("code", "language", "verdict"),
    [
        pytest.param(ADD, "python", RIGHT, id="right"),
        pytest.param("print(4)", "python", WRONG, id="wrong"),
        pytest.param("1 / 0", "python", RUNTIME_ERROR, id="exception"),
        pytest.param("x = bytearray(1 << 30)", "python", RUNTIME_ERROR, id="memory"),
        pytest.param("while True: pass", "python", TIMEOUT, id="time"),
        pytest.param("int main() { return x; }", "cpp", COMPILE_ERROR, id="compile-error"),
        pytest.param("console.log(3)", "nodejs", RIGHT, id="javascript"),
        pytest.param("package main", "go", API_ERROR, id="language-we-do-not-have"),
    ],
)
def test_verl_reads_every_outcome_as_what_it_is(
    verl: ModuleType, url: str, code: str, language: str, verdict: object
) -> None:
    timeout = 0.5 if verdict == TIMEOUT else 5
    assert check(verl, url, code, language, timeout) is verdict


def test_verl_gets_its_answer_although_the_service_is_overloaded_at_first(verl: ModuleType) -> None:
    with SandboxPool(SlowAtFirst([]), max_pending=1) as pool, ThreadPoolExecutor(1) as threads:
        threads.submit(pool.run_sync, ExecutionRequest(argv=("x",)))
        until(lambda: pool.pending == 1)
        with serving(pool) as url:
            response, error = verl.call_sandbox_api(f"{url}/run_code", "x", "", 5, 5, 256)
    assert (response and response["status"], error) == ("Success", None)


def test_verl_gets_its_answer_although_a_sandbox_failed_at_first(verl: ModuleType) -> None:
    with SandboxPool(FailsAtFirst([])) as pool, serving(pool) as url:
        assert check(verl, url, ADD) is RIGHT


def test_verl_can_give_the_token_in_its_url(verl: ModuleType) -> None:
    with SandboxPool(ScriptedBackend([])) as pool, serving(pool, ServiceConfig(token="secret")) as url:
        with_token = url.replace("http://", "http://verl:secret@")
        answers = [
            verl.call_sandbox_api(f"{each}/run_code", "x", "", 5, 5, 256) for each in (url, with_token)
        ]
    assert answers[0][0] is None
    assert "401" in answers[0][1]
    assert answers[1][0]["status"] == "Success"


def test_bytedances_client_runs_and_submits(fusion: Any, url: str) -> None:
    ran = fusion.run_code(fusion.RunCodeRequest(code=ADD, stdin="1 2", language="python"), url)
    assert (ran.status, ran.run_result.stdout) == (fusion.RunStatus.Success, "3\n")
    config = fusion.TestConfig(
        dataset_type="CommonOJDataset",
        language="python",
        provided_data={"id": 1, "test": [{"input": {"stdin": "1 2"}, "output": {"stdout": "3"}}]},
    )
    completion = f"So:\n```python\n{ADD}\n```"
    submission = fusion.SubmitRequest(dataset="any", id=1, completion=completion, config=config)
    judged = fusion.submit(submission, url, max_attempts=1)
    assert (judged.accepted, judged.extracted_code, len(judged.tests)) == (True, ADD, 1)
