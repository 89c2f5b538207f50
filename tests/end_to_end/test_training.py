"""One training with every real part (Ray, vLLM, the service, the learner), through the command line, with
its processes killed and its terminal interrupted on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from guru_data.difficulty import measured_rates
from rlvr.audit.books.check import check_run
from rlvr.audit.books.metrics import read_metrics
from rlvr.audit.opinions.stored import read_opinions

ROOT = Path(__file__).parent.parent.parent
STEPS = 16
CONFIG = """
name = "killed"
model = "{model}"
out_dir = "{out}"
steps = {steps}

[data]
kind = "jsonl"
path = "deploy/examples/word_count.jsonl"
heldout_share = 0.2

[verifier.plugins]
word_count = "deploy.examples.word_count:WordCountVerifier"

[rollout]
problems_per_step = 4
group_size = 4
max_new_tokens = 24
ahead = 1

[engine]
max_model_len = 96
kv_cache_gib = 0.25

[learner]
learning_rate = 1e-5
row_tokens = 128

[curriculum]
kind = "difficulty"
solved_share = 1.0
hopeless_share = 1.0

[audit]
shadow = "deploy.examples.word_count:WordCountVerifier"
shadow_share = 0.25
"""
DEADLINE_S = 240.0


@pytest.fixture
def config(tiny_model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(CONFIG.format(model=tiny_model, out=tmp_path / "runs", steps=STEPS))
    return path


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `rlvr`; whatever is left of it at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def launch(*arguments: str) -> subprocess.Popen[str]:
        command = [str(Path(sys.executable).with_name("rlvr")), *arguments]
        started.append(
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
        return started[-1]

    yield launch
    for process in started:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()


def wait_for_steps(directory: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while len(trained_steps(directory)) < count:
        assert time.monotonic() < deadline, f"no {count} steps in {DEADLINE_S} s"
        assert process.poll() is None, f"ended early:\n{process.communicate()[0]}"
        time.sleep(0.1)


def trained_steps(directory: Path) -> list[int]:
    path = directory / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [entry["step"] for entry in map(json.loads, lines) if "reward/mean" in entry]


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def kill_actor(process: subprocess.Popen[str], name: str) -> None:
    """SIGKILL to the Ray actor of that class."""
    actors = [child for child in family(process) if any(f"ray::{name}" in part for part in child.cmdline())]
    assert actors, f"no {name} among {[child.name() for child in family(process)]}"
    actors[0].kill()


def finish(process: subprocess.Popen[str], descendants: list[psutil.Process]) -> str:
    output, _ = process.communicate(timeout=DEADLINE_S)
    _, alive = psutil.wait_procs(descendants, timeout=10)
    assert [p.cmdline() for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
    return output


def test_a_training_survives_kills_and_an_interrupt_and_its_books_balance(
    config: Path, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    directory = tmp_path / "runs" / "killed"

    first = start("train", str(config))
    wait_for_steps(directory, 2, first)
    descendants = family(first)  # the killed generator's engine among them
    kill_actor(first, "GeneratorActor")
    wait_for_steps(directory, 4, first)
    descendants += family(first)
    first.send_signal(signal.SIGINT)
    output = finish(first, descendants)
    assert first.returncode == 0, output
    assert "as asked" in output
    done = max(trained_steps(directory)) + 1
    assert done < STEPS

    second = start("train", str(config), "--resume")
    wait_for_steps(directory, done + 1, second)
    kill_actor(second, "VerifierActor")
    descendants = family(second)
    output = finish(second, descendants)
    assert second.returncode == 0, output

    assert trained_steps(directory) == list(range(STEPS))
    assert check_run(directory).faults == []
    rows = [
        row
        for file in sorted((directory / "ledger").glob("step=*/*.parquet"))
        for row in pq.ParquetFile(file).read().to_pylist()
    ]
    # ahead = 1: what was generated for the step after the interrupt was never recorded, nor used.
    assert len(rows) == STEPS * 4 * 4
    assert all(row["reward"] is None for row in rows if row["verifier"] is None)
    assert {row["verifier"] for row in rows} <= {"word_count", None}
    assert {row["attempt"] for row in rows} == {1, 2}
    differences = [m.get("policy/logprob_diff") for m in read_metrics(directory)]
    assert max(d for d in differences if d is not None) <= 0.02
    assert not list(Path("/dev/shm").glob("rlvr-killed-*"))

    graded_twice = read_opinions(directory).to_table().to_pylist()  # type: ignore[union-attr]
    scores = {row["row_hash"]: row["score"] for row in rows}
    assert {row["score"] == scores[row["row_hash"]] for row in graded_twice} == {True}
    assert len(graded_twice) > 0.1 * len(rows)

    settings = ("--set", f"model={directory / 'model'}", "--set", "eval.samples=2", "--json")
    evaluated = start("eval", str(config), "--split", "train", *settings)
    output = finish(evaluated, []).splitlines()[-1]
    found = json.loads(output)
    assert evaluated.returncode == 0
    assert 0.0 <= found["eval/pass@1/train"] <= found["eval/pass@2/train"] <= 1.0
    rates = tmp_path / "rates.json"
    rates.write_text(output)
    assert len(measured_rates([rates])) == found["eval/problems"] > 0


@pytest.mark.parametrize(
    ("override", "says"),
    [
        pytest.param("learner.learnig_rate=1", "learner.learning_rate", id="unknown-key"),
        pytest.param("model=/nowhere", "/nowhere", id="missing-model"),
        pytest.param("engine.replicas=64", "GiB|memory", id="too-little-memory"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2_before_anything_starts(
    config: Path, override: str, says: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rlvr", "train", str(config), "--set", override],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert any(word in done.stderr for word in says.split("|"))
