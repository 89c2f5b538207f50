"""What a model's files say about it, without loading it.

    local path or Hugging Face id --describe_model--> parameters, longest context

Reads `config.json` and the headers of the safetensors files: kilobytes, whatever the model's size.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from huggingface_hub import HfApi, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from rlvr.errors import ConfigError

HUB_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model as its files describe it."""

    parameters: int
    max_positions: int | None
    """Longest sequence it was made for; None where its config does not say."""


def describe_model(model: str) -> ModelFacts | None:
    """The facts of a model on this machine; None for one that has to be downloaded first.

    Raises:
        ConfigError: there is no such model, or its directory is not that of a model.
    """
    directory = _directory(model)
    if directory is None:
        return None
    weights = sorted(directory.glob("*.safetensors"))
    if not (directory / "config.json").exists() or not weights:
        raise ConfigError(
            f"model = {model!r} holds no config.json with *.safetensors beside it: name a directory in "
            "Hugging Face layout"
        )
    config = json.loads((directory / "config.json").read_text())
    positions = config.get("max_position_embeddings")
    return ModelFacts(sum(_parameters(path) for path in weights), positions)


def _directory(model: str) -> Path | None:
    """Where the model's files lie; None if they are on the hub and not yet here."""
    if Path(model).is_dir():
        return Path(model)
    try:
        cached = try_to_load_from_cache(model, "config.json")
        if isinstance(cached, str):
            return Path(cached).parent
        HfApi().model_info(model, timeout=HUB_LIMIT_S)
    except (HFValidationError, HfHubHTTPError, httpx.HTTPError, OSError) as error:
        raise ConfigError(
            f"model = {model!r} is no directory here, and the Hugging Face hub does not give it "
            f"({type(error).__name__})"
        ) from error
    return None


def _parameters(path: Path) -> int:
    """Numbers stored in a safetensors file: eight bytes of length, then a JSON header with the shapes."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(length))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
