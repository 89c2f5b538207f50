"""Checkpoints on disk: a model in Hugging Face layout, and the state to go on from.

    DIR/step_000040/{model.safetensors, config.json, run.json, state.pt}

What is written lies beside its place, whole and on disk, before it takes it: a kill, a crash or a full
disk leaves what was there.

Master weights are stored in float32. `state.pt` is the optimizer's and read with `weights_only=True`: tensors
and plain data, never code; `run.json` is what the run must know to go on, for every reader.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from rlvr.errors import ConfigError, InfrastructureError

STATE, RUN = "state.pt", "run.json"
MODEL = "config.json"
"""Without it a directory is no model, for any reader."""
CHECKPOINT_NAME = re.compile(r"step_(\d{6,})")


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, directory: Path) -> None:
    """Write a model and its tokenizer in Hugging Face layout, replacing the model that stood there.

    Other files there stay. While the new files move in the directory is no model: never one of two halves.

    Raises:
        InfrastructureError: the disk is full or cannot be written.
    """
    disable_progress_bar()  # ours are the only ones
    partial = directory / ".partial"
    with _written_whole(partial):
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    (directory / MODEL).unlink(missing_ok=True)
    for old in directory.glob("model*.safetensors*"):  # it may have been in more parts than the new one
        old.unlink()
    for file in sorted(partial.iterdir(), key=lambda file: file.name == MODEL):
        place = directory / file.name
        if place.is_dir():  # a tokenizer may have folders
            shutil.rmtree(place)
        file.replace(place)
    partial.rmdir()
    _sync(directory)


def save_state(
    checkpoints: Path,
    step: int,
    model: PreTrainedModel,
    state: dict[str, Any],
    *,
    keep: int,
    run: Mapping[str, Any] | None = None,
) -> Path:
    """Write `step_NNNNNN` whole or not at all, then drop all but the newest `keep`; `run` is plain JSON.

    A step that is there already stays as it is: in one training, as many steps made the same weights.

    Raises:
        InfrastructureError: the disk is full or cannot be written.
    """
    final = checkpoints / f"step_{step:06d}"
    if (final / STATE).exists():
        return final
    partial = final.with_suffix(".partial")
    with _written_whole(partial):
        model.save_pretrained(partial)
        _write_state(state, partial / STATE)
        (partial / RUN).write_text(json.dumps(run or {}))
    shutil.rmtree(final, ignore_errors=True)  # without a state it is no checkpoint
    os.replace(partial, final)
    _sync(checkpoints)
    for old in list_checkpoints(checkpoints)[:-keep]:
        shutil.rmtree(old)
    return final


@contextmanager
def _written_whole(folder: Path) -> Iterator[None]:
    """Empty the folder, let the block write into it, and have every byte on disk when the block ends."""
    try:
        shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed
        folder.mkdir(parents=True)
        yield
        for path in (*folder.rglob("*"), folder):
            _sync(path)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InfrastructureError(
            f"cannot write {folder}: {error}; make room and go on with --resume"
        ) from error


def _write_state(state: dict[str, Any], path: Path) -> None:
    try:
        torch.save(state, path)
    except RuntimeError as error:  # so torch says that the disk is full
        raise OSError(f"{path.name}: {error}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def list_checkpoints(checkpoints: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    named = ((CHECKPOINT_NAME.fullmatch(path.name), path) for path in checkpoints.glob("step_*"))
    whole = [(int(name[1]), path) for name, path in named if name and (path / STATE).exists()]
    return [path for _, path in sorted(whole)]


def latest_checkpoint(checkpoints: Path) -> Path | None:
    """The newest whole checkpoint, if there is one."""
    return next(reversed(list_checkpoints(checkpoints)), None)


def load_state(checkpoint: Path, model: PreTrainedModel) -> dict[str, Any]:
    """Load a checkpoint's weights into the model and return the rest of its state.

    Raises:
        ConfigError: the checkpoint is of another model.
    """
    stored = type(model).from_pretrained(checkpoint, dtype=torch.float32)
    try:
        model.load_state_dict(stored.state_dict())
    except RuntimeError as error:
        raise ConfigError(f"{checkpoint} does not fit the model: {error}") from error
    state: dict[str, Any] = torch.load(checkpoint / STATE, map_location="cpu", weights_only=True)
    return state


def load_run(checkpoint: Path) -> dict[str, Any]:
    """What a run stored beside its weights."""
    run: dict[str, Any] = json.loads((checkpoint / RUN).read_text())
    return run
