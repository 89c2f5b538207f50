from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from rlvr.errors import InfrastructureError
from rlvr.learner.checkpoint import STATE, latest_checkpoint, list_checkpoints, save_model, save_state
from rlvr.learner.policy import load_model, model_files


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> PreTrainedModel:
    return load_model(str(tiny_model), "cpu")


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """The kernel refuses writes past `size` bytes of a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_step_saved_again_leaves_the_checkpoint_that_is_there(
    model: PreTrainedModel, tmp_path: Path
) -> None:
    """Removing it first would leave a run that is killed at that moment without any."""
    first = save_state(tmp_path, 4, model, {"optimizer": 1}, keep=1)
    files = {path.name: path.stat().st_ino for path in first.iterdir()}
    assert save_state(tmp_path, 4, model, {"optimizer": 1}, keep=1) == first
    assert {path.name: path.stat().st_ino for path in first.iterdir()} == files


@pytest.mark.parametrize("limit", [1 << 20, 15 << 20], ids=["weights", "optimizer-state"])
def test_a_full_disk_is_a_clear_error_and_leaves_the_checkpoint_before(
    model: PreTrainedModel, tmp_path: Path, limit: int
) -> None:
    before = save_state(tmp_path, 1, model, {}, keep=1)
    with (
        files_at_most(limit),
        pytest.raises(InfrastructureError, match=r"cannot write .*step_000002.*make room"),
    ):
        save_state(tmp_path, 2, model, {"moments": torch.zeros(5_000_000)}, keep=1)
    assert list(tmp_path.iterdir()) == [before]


def test_every_file_of_a_checkpoint_is_on_disk_before_the_checkpoint_has_its_name(
    model: PreTrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.add(os.readlink(f"/proc/self/fd/{descriptor}"))
    )
    written = save_state(tmp_path, 1, model, {}, keep=1)
    partial = tmp_path / "step_000001.partial"
    assert {str(partial / file.name) for file in written.iterdir()} | {str(partial), str(tmp_path)} <= synced


def test_a_millionth_step_is_found_and_is_newer_than_those_before(tmp_path: Path) -> None:
    names = ["step_999999", "step_1000000", "step_000002", "step_1000001.partial"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / STATE).touch()
    assert [path.name for path in list_checkpoints(tmp_path)] == [
        "step_000002",
        "step_999999",
        "step_1000000",
    ]
    assert latest_checkpoint(tmp_path) == tmp_path / "step_1000000"


def test_a_model_that_cannot_be_written_leaves_the_one_that_is_there(
    model: PreTrainedModel, tiny_model: Path, tmp_path: Path
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    save_model(model, tokenizer, tmp_path / "model")
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    with files_at_most(1 << 20), pytest.raises(InfrastructureError, match="cannot write"):
        save_model(model, tokenizer, tmp_path / "model")
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before


def test_a_model_replaces_one_in_more_parts_and_spares_what_else_is_there(
    model: PreTrainedModel, tiny_model: Path, tmp_path: Path
) -> None:
    model.save_pretrained(tmp_path, max_shard_size="2MB")
    assert len(model_files(str(tmp_path))) > 1
    (tmp_path / "checkpoints").mkdir()
    save_model(model, AutoTokenizer.from_pretrained(tiny_model), tmp_path)
    assert [path.name for path in model_files(str(tmp_path))] == ["model.safetensors"]
    assert (tmp_path / "checkpoints").exists()
    stored = AutoModelForCausalLM.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(stored[name], tensor) for name, tensor in model.state_dict().items())
