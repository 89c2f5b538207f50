"""Checkpoints on disk: a model in Hugging Face layout, and the state to go on from.

    DIR/step_000040/{model.safetensors, config.json, run.json, state.pt}

Master weights are stored in float32. `state.pt` is the optimizer's and read with `weights_only=True`: tensors
and plain data, never code; `run.json` is what the run must know to go on, for every reader.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from rlvr.errors import ConfigError

STATE, RUN = "state.pt", "run.json"
WEIGHTS = "weights.pt"


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, directory: Path) -> None:
    """Write a model and its tokenizer in Hugging Face layout, replacing what stood there."""
    disable_progress_bar()  # ours are the only ones
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)


def save_state(
    checkpoints: Path,
    step: int,
    model: PreTrainedModel,
    state: dict[str, Any],
    *,
    keep: int,
    run: Mapping[str, Any] | None = None,
) -> Path:
    """Write `step_NNNNNN` whole or not at all, then drop all but the newest `keep`; `run` is plain JSON."""
    final = checkpoints / f"step_{step:06d}"
    partial = final.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    model.save_pretrained(partial)
    torch.save(state, partial / STATE)
    (partial / RUN).write_text(json.dumps(run or {}))
    shutil.rmtree(final, ignore_errors=True)
    os.replace(partial, final)
    for old in list_checkpoints(checkpoints)[:-keep]:
        shutil.rmtree(old)
    return final


def list_checkpoints(checkpoints: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(path for path in checkpoints.glob("step_??????") if (path / STATE).exists())


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
