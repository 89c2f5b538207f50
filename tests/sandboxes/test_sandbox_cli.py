"""`python -m sandboxes`: as root and as a plain user, in order, never stopped by one bad line."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest

from sandboxes import SandboxPool
from sandboxes.batch import run_lines
from sandboxes.conformance import judge
from sandboxes.conformance_cases import CASES
from sandboxes.interpreter import find_interpreter
from sandboxes.scripted_backend import ScriptedBackend
from sandboxes.types import ExecutionResult

PLAIN_UID = "61234"
REPOSITORY = Path(__file__).parents[2]


def run_cli(*arguments: str, prefix: tuple[str, ...] = (sys.executable,)) -> subprocess.CompletedProcess[str]:
    command = (*prefix, "-m", "sandboxes", *arguments)
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=300, check=False)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may write to, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


def test_results_come_in_the_order_of_the_lines_and_a_bad_line_stops_nothing(open_folder: Path) -> None:
    lines = [
        json.dumps({"id": "slow", "language": "bash", "source": "sleep 0.5; echo slow"}),
        "this is no JSON",
        json.dumps({"id": 2, "language": "python", "source": "print(input())", "stdin": "hello"}),
        json.dumps({"id": "c", "language": "cobol", "source": "x"}),
        json.dumps({"id": "l", "language": "python", "source": "1", "limits": {"memory": 4}}),
        json.dumps([1]),
    ]
    source, target = open_folder / "in.jsonl", open_folder / "out.jsonl"
    source.write_text("\n".join(lines) + "\n")
    done = run_cli("run", str(source), str(target), "--workers", "2")
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in target.read_text().splitlines()]
    assert [result["id"] for result in results] == ["slow", None, 2, "c", "l", None]
    assert [result.get("stdout") for result in results] == ["slow\n", None, "hello\n", None, None, None]
    errors = [result.get("error", "") for result in results]
    assert "have python" in errors[3]
    assert "limits.memory" in errors[4]
    assert "must be a JSON object" in errors[5]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"[" * 100_000, "not JSON", id="too-deep"),
        pytest.param(b'{"id": ' + b"9" * 5_000 + b"}", "not JSON", id="number-too-long"),
        pytest.param(b'{"id": 1, "source": "\xff"}', "can't decode byte 0xff", id="not-utf-8"),
    ],
)
def test_a_line_that_cannot_be_read_fails_alone(line: bytes, reason: str) -> None:
    good = json.dumps({"id": 2, "argv": ["true"]}).encode()
    out = io.StringIO()
    with SandboxPool(ScriptedBackend([])) as pool:
        asyncio.run(run_lines([line, good], out, pool, ahead=1))
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first["id"] is None
    assert reason in first["error"]
    assert (second["id"], second["outcome"]) == (2, "ok")


def test_results_never_take_the_place_of_the_programs(open_folder: Path) -> None:
    source, link = open_folder / "in.jsonl", open_folder / "link.jsonl"
    source.write_text(program := json.dumps({"id": 1, "language": "bash", "source": "echo hi"}))
    link.hardlink_to(source)
    for target, reason in ((source, "own"), (link, "own"), (open_folder / "none" / "out", "does not exist")):
        refused = run_cli("run", str(source), str(target))
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert reason in refused.stderr
        assert source.read_text() == program


def test_the_result_has_the_documented_fields(open_folder: Path) -> None:
    source, target = open_folder / "in.jsonl", open_folder / "out.jsonl"
    source.write_text(json.dumps({"id": 1, "language": "bash", "source": "echo hi"}))
    assert run_cli("run", str(source), str(target)).returncode == 0
    assert set(json.loads(target.read_text())) == {
        "id", "outcome", "exit_code", "signal", "stdout", "stderr", "stdout_truncated", "stderr_truncated",
        "cpu_s", "wall_s", "peak_memory_mb", "backend", "hard_limits",
    }  # fmt: skip


def test_an_unsafe_backend_must_be_asked_for_twice(open_folder: Path) -> None:
    source, target = open_folder / "in.jsonl", open_folder / "out.jsonl"
    source.write_text(json.dumps({"id": 1, "language": "bash", "source": "echo hi"}))
    refused = run_cli("run", str(source), str(target), "--backend", "subprocess")
    assert (refused.returncode, "allow_unsafe" in refused.stderr) == (4, True)
    accepted = run_cli("run", str(source), str(target), "--backend", "subprocess", "--allow-unsafe")
    assert (accepted.returncode, json.loads(target.read_text())["stdout"]) == (0, "hi\n")


def test_the_doctor_has_run_every_language() -> None:
    done = run_cli("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert {"isolation", "cgroups", "seccomp", "python", "cpp", "javascript", "bash"} <= set(checks)
    assert [name for name, check in checks.items() if not check["ok"]] == []
    assert done.returncode == 0


def test_the_benchmark_measures_every_backend_beside_plain_interpreters(open_folder: Path) -> None:
    target = open_folder / "bench" / "sandboxes.json"
    done = run_cli("bench", "--runs", "2", "--workers", "1", "--out", str(target))
    assert done.returncode == 0, done.stderr
    measures = json.loads(target.read_text())
    assert {(each["name"].split("/")[1], each["unit"]) for each in measures} == {
        (backend, unit) for backend in ("zygote", "bubblewrap") for unit in ("ms", "1/s")
    }
    baselines = {"python -I -S", "bubblewrap + python -I -S"}
    assert {each["baseline_name"] for each in measures if each["unit"] == "ms"} == baselines
    timed = [each for each in measures if not each["name"].endswith("/cpu")]  # needs more runs than two
    assert len(timed) == 6
    assert all(each["value"] > 0 and each["baseline"] > 0 for each in timed)


def test_a_plain_user_is_as_well_contained(open_folder: Path) -> None:
    cases = [case for case in CASES if not case.takes_token]
    source, target = open_folder / "in.jsonl", open_folder / "out.jsonl"
    rows = [{"id": case.name, **case.request.model_dump(mode="json", exclude_none=True)} for case in cases]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run_cli("run", str(source), str(target), "--workers", "2", prefix=_as_plain_user())
    assert done.returncode == 0, done.stderr
    results = {row.pop("id"): row for row in map(json.loads, target.read_text().splitlines())}
    faults = {case.name: judge(case, ExecutionResult.model_validate(results[case.name])) for case in cases}
    assert {name: found for name, found in faults.items() if found} == {}


def _as_plain_user() -> tuple[str, ...]:
    """The start of a command that runs Python without root, able to import what we import."""
    if os.geteuid() != 0:
        return (sys.executable,)
    python = find_interpreter(as_other_uid=True).executable
    packages = Path(pydantic.__file__).parents[1]
    user = (f"--reuid={PLAIN_UID}", f"--regid={PLAIN_UID}", "--clear-groups")
    path = f"PYTHONPATH={REPOSITORY}:{packages}"
    command = ("setpriv", *user, "env", "-i", "PATH=/usr/bin:/bin", "HOME=/nonexistent", path, python)
    probe = subprocess.run([*command, "-c", "import sandboxes, typer"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"another user cannot import this checkout: {probe.stderr.decode()[-200:]}")
    return command
