"""The same loop with the learner and the engine on GPUs, and weights pushed by vLLM's own transfer.

make test-gpu        on a machine with CUDA and `pip install -e '.[gpu,dev]'`
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rlvr.audit.books.check import check_run
from rlvr.audit.books.metrics import read_metrics
from rlvr.learner.probe import visible_gpus

ROOT = Path(__file__).parent.parent.parent
CONFIG = """
name = "gpu"
model = "{model}"
out_dir = "{out}"
steps = 3

[data]
kind = "synthetic"
train_per_domain = 64
heldout_per_domain = 4

[rollout]
problems_per_step = 8
group_size = 4
max_new_tokens = 48

[engine]
device = "cuda"
transfer = "{transfer}"
max_model_len = 128
gpu_memory_utilization = 0.3

[learner]
device = "cuda"
learning_rate = 1e-4
"""

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(
    ("transfer", "gpus"),
    [pytest.param("shm", 2, id="file"), pytest.param("ipc", 1, id="ipc"), pytest.param("nccl", 2, id="nccl")],
)
def test_training_on_gpus_keeps_engine_and_learner_in_agreement(
    tiny_model: Path, tmp_path: Path, transfer: str, gpus: int
) -> None:
    if len(visible_gpus()) < gpus:
        pytest.skip(f"{transfer} needs {gpus} GPUs")
    path = tmp_path / "run.toml"
    path.write_text(CONFIG.format(model=tiny_model, out=tmp_path / "runs", transfer=transfer))
    done = subprocess.run(
        [sys.executable, "-m", "rlvr", "train", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    directory = tmp_path / "runs" / "gpu"
    assert check_run(directory).ok
    metrics = [m for m in read_metrics(directory) if m.get("policy/logprob_diff") is not None]
    assert len(metrics) == 3
    assert all(m["policy/logprob_diff"] <= 0.02 for m in metrics)
