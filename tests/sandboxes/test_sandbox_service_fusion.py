"""SandboxFusion's routes, asked as verl 0.9 and the `sandbox-fusion` 0.3 client ask, and read as they
read."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import pytest

from sandboxes import Limits, Outcome, SandboxPool
from sandboxes.scripted_backend import ScriptedBackend, answer
from sandboxes.service.config import CEILING
from sandboxes.service.fusion import patience_left_s
from sandboxes.service.fusion_judge import extract, same_output
from sandboxes.service.fusion_types import RunCodeRequest
from tests.sandboxes.service_tools import assert_problem, client_of, talk_to, until

VERL_BODY: dict[str, Any] = {
    "compile_timeout": 10,
    "run_timeout": 10,
    "code": "print(sum(map(int, input().split())))",
    "stdin": "1 2",
    "memory_limit_MB": 1024,
    "language": "python",
    "files": {},
    "fetch_files": [],
}
CLIENT_CONFIG: dict[str, Any] = {
    "dataset_type": "CommonOJDataset",
    "language": "python",
    "locale": None,
    "is_fewshot": None,
    "compile_timeout": None,
    "run_timeout": None,
    "custom_extract_logic": None,
    "provided_data": {"id": 1, "content": "add", "test": []},
    "extra": {},
}
ANSWER_KEYS = {"status", "message", "compile_result", "run_result", "executor_pod_name", "files"}
COMMAND_KEYS = {"status", "execution_time", "return_code", "stdout", "stderr"}
RETRIED_BY_VERL = 504
VERL_EXTRA_S = 10
CPP = "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }"
ADD = "Sure:\n```python\nprint(sum(map(int, input().split())))\n```\n"


def run_code(pool: SandboxPool, **changes: Any) -> httpx.Response:
    return talk_to(pool, lambda client: client.post("/run_code", json=VERL_BODY | changes))


def submit(pool: SandboxPool, completion: str, cases: list[tuple[str, str]], **extra: Any) -> httpx.Response:
    test = [{"input": {"stdin": stdin}, "output": {"stdout": stdout}} for stdin, stdout in cases]
    config = CLIENT_CONFIG | {"provided_data": {"id": 1, "test": test}, "extra": extra}
    body = {"dataset": "any", "id": 1, "completion": completion, "config": config}
    return talk_to(pool, lambda client: client.post("/submit", json=body))


def test_an_answer_has_every_field_that_clients_read(warm_pool: SandboxPool) -> None:
    body = run_code(warm_pool).json()
    assert (body.keys(), body["status"], body["compile_result"]) == (ANSWER_KEYS, "Success", None)
    run = body["run_result"]
    assert run.keys() >= COMMAND_KEYS
    assert (run["status"], run["return_code"], run["stdout"], run["stderr"]) == ("Finished", 0, "3\n", "")
    assert (body["executor_pod_name"], body["files"], body["message"]) == (None, {}, "")


@pytest.mark.parametrize(
    ("changes", "status", "compile_seen", "run_seen"),
    [
        pytest.param({"language": "cpp", "code": CPP}, "Success", ("Finished", 0), ("Finished", 0), id="cpp"),
        pytest.param({"language": "nodejs", "code": "1"}, "Success", None, ("Finished", 0), id="nodejs"),
        pytest.param({"language": "bash", "code": "exit 3"}, "Failed", None, ("Finished", 3), id="exit-code"),
        pytest.param({"code": "1 / 0"}, "Failed", None, ("Finished", 1), id="exception"),
        pytest.param(
            {"code": "import os; os.kill(os.getpid(), 11)"}, "Failed", None, ("Finished", -11), id="signal"
        ),
        pytest.param(
            {"code": "while True: pass", "run_timeout": 0.3},
            "Failed", None, ("TimeLimitExceeded", None), id="time",
        ),
        pytest.param(
            {"code": "x = bytearray(1 << 30)", "memory_limit_MB": 64, "stdin": None},
            "Failed", None, ("Finished", -9), id="memory",
        ),
        pytest.param(
            {"language": "cpp", "code": "int main() { return x; }"}, "Failed", ("Finished", 1), None,
            id="compile-error",
        ),
    ],
)  # fmt: skip
def test_what_a_program_does_is_always_a_200_with_their_status_words(
    warm_pool: SandboxPool, changes: dict[str, Any], status: str, compile_seen: object, run_seen: object
) -> None:
    response = run_code(warm_pool, **changes)
    body = response.json()
    seen = [
        result and (result["status"], result["return_code"])
        for result in (body["compile_result"], body["run_result"])
    ]
    assert (response.status_code, body["status"], *seen) == (200, status, compile_seen, run_seen)


def test_a_program_finds_the_files_sent_along(warm_pool: SandboxPool) -> None:
    files = {"data/a.txt": base64.b64encode(b"inside").decode(), "left-out.txt": None}
    code = "import os; print(open('data/a.txt').read(), os.path.exists('left-out.txt'))"
    assert run_code(warm_pool, code=code, files=files).json()["run_result"]["stdout"] == "inside False\n"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"language": "cobol"}, id="language"),
        pytest.param({"fetch_files": ["a.txt"]}, id="files-to-bring-back"),
        pytest.param({"files": {"../a": "YQ=="}}, id="file-outside"),
        pytest.param({"files": {"a": "x"}}, id="file-not-in-base64"),
        pytest.param({"memory_limit_MB": 1 << 30}, id="memory-over-the-ceiling"),
        pytest.param({"run_timeout": 3000}, id="time-over-the-ceiling"),
        pytest.param({"compile_timeout": 1e9}, id="for-ever"),
        pytest.param({"run_timeout": -1}, id="no-time"),
        pytest.param({"code": None}, id="no-code"),
    ],
)
def test_what_can_never_run_is_refused_with_the_reason(changes: dict[str, Any]) -> None:
    with SandboxPool.open("bubblewrap") as pool:
        response = run_code(pool, **changes)
    assert (response.status_code, bool(response.json()["detail"])) == (422, True)


def test_a_timeout_is_cpu_time_with_some_more_wall_time_and_no_memory_limit_is_the_ceiling() -> None:
    backend = ScriptedBackend([])
    with SandboxPool(backend) as pool:
        run_code(pool, run_timeout=4, memory_limit_MB=-1)
    limits = backend.requests[0].limits
    assert (limits.cpu_s, limits.wall_s, limits.memory_mb) == (4, 9, CEILING.memory_mb)


def test_a_failed_sandbox_is_a_reason_to_come_back_without_our_reasons() -> None:
    failed = [answer(Outcome.SANDBOX_ERROR, stderr="a traceback of ours")] * 2
    with SandboxPool(ScriptedBackend(failed)) as pool:
        response = run_code(pool)
    assert_problem(response, RETRIED_BY_VERL, "unavailable")
    assert "traceback" not in response.text


def test_verls_retry_gets_through_once_the_overload_is_over() -> None:
    async def run(pool: SandboxPool) -> list[httpx.Response]:
        async with client_of(pool) as client:
            first = asyncio.ensure_future(client.post("/run_code", json=VERL_BODY))
            await asyncio.to_thread(until, lambda: pool.pending == 1)
            refused = [await client.post(path, json=body) for path, body in bodies.items()]
            await first
            return [*refused, await client.post("/run_code", json=VERL_BODY)]

    case = {"input": {"stdin": ""}, "output": {"stdout": ""}}
    config = CLIENT_CONFIG | {"provided_data": {"id": 1, "test": [case]}}
    bodies = {
        "/run_code": VERL_BODY,
        "/submit": {"dataset": "any", "id": 1, "completion": ADD, "config": config},
    }
    with SandboxPool(ScriptedBackend([], wait_s=0.5), max_pending=1) as pool:
        *refused, retried = asyncio.run(run(pool))
    for response in refused:
        assert_problem(response, RETRIED_BY_VERL, "unavailable")
    assert (retried.status_code, retried.json()["status"]) == (200, "Success")


@pytest.mark.parametrize("compiled", [True, False])
def test_a_request_is_given_up_before_verls_client_loses_patience(compiled: bool) -> None:
    for compile_timeout, run_timeout in ((1, 1), (10, 10), (1, 60), (60, 1)):
        program = RunCodeRequest.model_validate(
            VERL_BODY | {"compile_timeout": compile_timeout, "run_timeout": run_timeout}
        )
        limits = Limits(cpu_s=run_timeout, wall_s=run_timeout + 5)
        wait_s = patience_left_s(program, limits, compiled=compiled)
        longest_s = wait_s + limits.wall_s + (compile_timeout if compiled else 0)
        assert wait_s > 0
        assert longest_s < compile_timeout + run_timeout + VERL_EXTRA_S


def test_ping_says_pong() -> None:
    with SandboxPool(ScriptedBackend([])) as pool:
        assert talk_to(pool, lambda client: client.get("/v1/ping")).json() == "pong"


def test_a_completion_is_accepted_when_every_case_passes(warm_pool: SandboxPool) -> None:
    body = submit(warm_pool, ADD, [("1 2", "3"), ("2 2", "4\n")]).json()
    assert (body["id"], body["accepted"], body["extracted_type"]) == (1, True, "fenced")
    assert body["extracted_code"] == "print(sum(map(int, input().split())))"
    first = body["tests"][0]
    assert (first["passed"], first["test_info"]["input"]) == (True, {"stdin": "1 2"})
    assert first["exec_info"].keys() == ANSWER_KEYS


def test_the_first_case_that_fails_is_the_last_unless_all_are_asked_for(warm_pool: SandboxPool) -> None:
    cases = [("1 2", "3"), ("1 2", "4"), ("2 2", "4")]
    for extra, passed in (({}, [True, False]), ({"run_all_cases": True}, [True, False, True])):
        body = submit(warm_pool, ADD, cases, **extra).json()
        assert (body["accepted"], [test["passed"] for test in body["tests"]]) == (False, passed)


def test_a_completion_without_code_is_not_accepted_and_not_run() -> None:
    backend = ScriptedBackend([])
    with SandboxPool(backend) as pool:
        body = submit(pool, "I do not know.", [("", "")]).json()
    assert (body["accepted"], body["extracted_type"], body["tests"]) == (False, "empty", [])
    assert backend.requests == []


def test_a_failed_sandbox_is_no_rejection() -> None:
    failed = [answer(Outcome.SANDBOX_ERROR)] * 2
    with SandboxPool(ScriptedBackend(failed)) as pool:
        assert_problem(submit(pool, ADD, [("1 2", "3")]), RETRIED_BY_VERL, "unavailable")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"dataset_type": "HumanEvalDataset"}, id="other-kinds-of-problem"),
        pytest.param({"custom_extract_logic": "import os"}, id="code-for-the-server"),
        pytest.param({"provided_data": [{"id": 2, "test": []}]}, id="no-such-problem"),
        pytest.param({"provided_data": {"id": 1}}, id="no-cases"),
        pytest.param({"provided_data": {"id": 1, "test": "[{"}}, id="cases-that-are-no-json"),
        pytest.param({"provided_data": {"id": 1, "test": "[" * 100_000}}, id="cases-too-deep"),
        pytest.param({"provided_data": {"id": 1, "test": "9" * 5_000}}, id="number-too-long"),
        pytest.param({"provided_data": {"id": 1, "test": [{"input": {}, "output": {}}]}}, id="empty-case"),
        pytest.param({"provided_data": None}, id="no-data"),
    ],
)
def test_a_submission_that_cannot_be_judged_is_refused(changes: dict[str, Any]) -> None:
    body = {"dataset": "any", "id": 1, "completion": ADD, "config": CLIENT_CONFIG | changes}
    with SandboxPool(ScriptedBackend([])) as pool:
        response = talk_to(pool, lambda client: client.post("/submit", json=body))
    assert_problem(response, 422, "invalid_request")


@pytest.mark.parametrize(
    ("completion", "kind", "code"),
    [
        pytest.param("```python\na\n```\n```python\nb\n```", "fenced", "a", id="first-one"),
        pytest.param("```\na\n```\n```py\nb\n```", "fenced", "b", id="the-language-first"),
        pytest.param("```cpp\na\n```", "fenced", "a", id="another-language"),
        pytest.param("```python\na\n\n  b", "incomplete_fenced", "a\n\n  b", id="open-end"),
        pytest.param("```python\na\n```\n```python\nb", "fenced", "a", id="closed-before-open"),
        pytest.param("print(1)", "empty", "", id="no-fence"),
        pytest.param("```", "incomplete_fenced", "", id="only-a-fence"),
    ],
)
def test_code_is_taken_from_a_completion(completion: str, kind: str, code: str) -> None:
    block = extract(completion, "python")
    assert (block.kind, block.code) == (kind, code)


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        pytest.param("1\n2\n", "1\n2", True, id="end-of-lines"),
        pytest.param(" YES ", "yes", True, id="case-and-spaces"),
        pytest.param("0.3333333", "0.33333333", True, id="close-numbers"),
        pytest.param("0.333", "0.3333", False, id="numbers-too-far-apart"),
        pytest.param("1\n\n2", "1\n2", False, id="line-too-many"),
        pytest.param("nan", "1", False, id="not-a-number"),
        pytest.param("1 2", "1.0 2.0", False, id="several-numbers-are-text"),
    ],
)
def test_output_is_compared_as_there(printed: str, expected: str, same: bool) -> None:
    assert same_output(printed, expected) is same
