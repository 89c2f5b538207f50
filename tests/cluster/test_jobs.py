"""Jobs on a real `ray start --head` with token authentication, on ports of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rlvr.cluster.jobs import JobCluster, JobState, training_entrypoint
from rlvr.cluster.verifier_service import claim_port
from rlvr.errors import ConfigError, InfrastructureError

TOKEN = "a-token-for-tests-of-forty-characters-42"
START_LIMIT_S = 120.0
END_LIMIT_S = 60.0
TRAINING_LIMIT_S = 240.0
HEAD_ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # loopback only
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # else 15, and the tests that run beside starve the job
}


@dataclass(frozen=True)
class Head:
    """A running head node."""

    address: str
    token_file: Path

    def jobs(self) -> JobCluster:
        return JobCluster(self.address, self.token_file)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    dashboard = claim_port(0)
    tools = Path(sys.executable).parent
    # In the shared /tmp/ray, the address that jobs join is that of whoever started a head there last. Not
    # under pytest's own path, which is too long for Ray's sockets.
    own_files = Path(tempfile.mkdtemp(prefix="ray-"))
    environment = os.environ | HEAD_ENVIRONMENT | {"PATH": f"{tools}:{os.environ['PATH']}"}
    command = [
        str(tools / "ray"), "start", "--head", "--block", "--num-cpus=2", "--object-store-memory=100000000",
        "--port=0", f"--dashboard-port={dashboard}", "--dashboard-agent-listen-port=0",
        f"--ray-client-server-port={claim_port(0)}", f"--temp-dir={own_files}",
    ]  # fmt: skip
    log = tmp_path_factory.mktemp("head") / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    token_file = log.with_name("token")
    token_file.write_text(f"{TOKEN}\n")
    started = Head(f"http://127.0.0.1:{dashboard}", token_file)
    try:
        wait_until_up(started, log)
        yield started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=END_LIMIT_S)
        shutil.rmtree(own_files)


def wait_until_up(head: Head, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            head.jobs()
        except InfrastructureError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        else:
            return


def ended(jobs: JobCluster, job_id: str) -> JobState:
    """The job's state once it has ended."""
    deadline = time.monotonic() + END_LIMIT_S
    while True:
        state = jobs.status(job_id)
        if state.status in ("SUCCEEDED", "FAILED", "STOPPED"):
            return state
        assert time.monotonic() < deadline, state
        time.sleep(0.2)


STUBBORN = """
import os, signal, sys, time
def checkpoint(*_):
    time.sleep(4)
    print("checkpointed", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, checkpoint)
print(os.environ["RAY_AUTH_MODE"], sorted(os.listdir()), flush=True)
time.sleep(600)
"""


def test_a_job_runs_in_the_directory_that_travelled_and_has_time_to_checkpoint_when_stopped(
    head: Head, tmp_path: Path
) -> None:
    """Ray's own patience is three seconds."""
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "large").write_text("stays here")
    jobs = head.jobs()
    job_id = jobs.submit("exec python stubborn.py", tmp_path)

    async def stop_when_running() -> str:
        printed = ""
        async for text in jobs.follow(job_id):
            printed += text
            if "stubborn.py" in text:
                assert jobs.status(job_id).status == "RUNNING"
                assert jobs.stop(job_id)
        return printed

    printed = asyncio.run(stop_when_running())
    assert "token ['stubborn.py']" in printed
    assert "checkpointed" in printed
    assert ended(jobs, job_id).status == "STOPPED"
    assert jobs.logs(job_id).strip() == printed.strip()
    assert not jobs.stop(job_id)


TRAINING = """
name = "job"
model = "{model}"
steps = 1000
[data]
kind = "synthetic"
domains = ["math"]
train_per_domain = 40
heldout_per_domain = 4
[rollout]
problems_per_step = 2
group_size = 2
max_new_tokens = 8
[engine]
max_model_len = 128
kv_cache_gib = 0.25
[learner]
row_tokens = 128
"""


def test_a_training_is_submitted_watched_and_stopped_from_the_command_line(
    head: Head, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "run.toml").write_text(TRAINING.format(model=tiny_model))

    def rlvr_submit(*arguments: str) -> subprocess.Popen[str]:
        access = ["--address", head.address, "--token-file", str(head.token_file)]
        command = [sys.executable, "-m", "rlvr", "submit", *arguments, *access]
        return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)

    def said(*arguments: str) -> dict[str, str]:
        process = rlvr_submit(*arguments, "--json")
        output, _ = process.communicate(timeout=END_LIMIT_S)
        assert process.returncode == 0
        reply: dict[str, str] = json.loads(output)
        return reply

    assert said("run", "run.toml", "--dry-run")["job_id"] is None
    job_id = said("run", "run.toml", "--set", "seed=7")["job_id"]
    following = rlvr_submit("logs", job_id, "--follow")
    assert following.stdout is not None
    watchdog = threading.Timer(TRAINING_LIMIT_S, following.kill)
    watchdog.start()
    printed = ""
    for line in following.stdout:
        printed += line
        if line.startswith("step    2/1000"):
            assert said("status", job_id)["status"] == "RUNNING"
            assert said("stop", job_id)["stopping"]
    watchdog.cancel()
    assert following.wait(timeout=END_LIMIT_S) == 0, printed
    assert "steps done; model in" in printed, printed
    assert ended(head.jobs(), job_id).status == "STOPPED"
    assert (tmp_path / "runs" / "job" / "model" / "config.json").exists()


def test_a_wrong_token_is_one_clear_error(head: Head, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("another-token")
    with pytest.raises(ConfigError, match="does not accept the token"):
        JobCluster(head.address, tmp_path / "token").submit("true", tmp_path)


def test_a_job_that_does_not_exist_is_named(head: Head) -> None:
    with pytest.raises(ConfigError, match="no job 'raysubmit_nothing'"):
        head.jobs().status("raysubmit_nothing")


@pytest.mark.parametrize(
    ("address", "error", "sentence"),
    [
        pytest.param("http://127.0.0.1:9", InfrastructureError, "no Ray dashboard at", id="nobody"),
        pytest.param("127.0.0.1:8265", ConfigError, "is no dashboard URL", id="no-scheme"),
    ],
)
def test_an_address_without_dashboard_is_one_clear_error(
    address: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        JobCluster(address)


CONFIG = """
name = "run"
model = "models/tiny"
steps = 1
[data]
kind = "synthetic"
"""


def test_paths_that_do_not_travel_are_made_absolute(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(CONFIG)
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    command = training_entrypoint(tmp_path / "run.toml", ["steps=3"], tmp_path)
    assert shlex.split(command) == [
        "python", "-m", "rlvr", "train", "run.toml", "--set", "steps=3",
        "--set", f"out_dir={tmp_path / 'runs'}", "--set", "ray_address=auto",
        "--set", f"model={tmp_path / 'models' / 'tiny'}",
    ]  # fmt: skip


def test_a_config_that_cannot_run_is_found_before_it_travels(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(CONFIG)
    with pytest.raises(ConfigError, match="nearest known key is 'steps'"):
        training_entrypoint(tmp_path / "run.toml", ["stepz=3"], tmp_path)
    with pytest.raises(ConfigError, match="must lie in"):
        training_entrypoint(tmp_path / "run.toml", [], tmp_path / "elsewhere")
