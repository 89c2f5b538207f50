"""Reading a config: one TOML file, validated before anything starts.

    file + `--set a.b=c` overrides  --load_config-->  a frozen config

A typo is an error that names the nearest key.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from rlvr.errors import ConfigError


class Config(BaseModel):
    """A typo is an error, a loaded config never changes, docstrings become `--help`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


AnyConfig = TypeVar("AnyConfig", bound=Config)


def load_config(kind: type[AnyConfig], path: Path, overrides: Sequence[str] = ()) -> AnyConfig:
    """Read a TOML config and apply `a.b=c` overrides.

    Raises:
        ConfigError: the file is missing or not TOML, a key is unknown (the message names the
            nearest one), a value does not fit; one clause per fault.
    """
    try:
        raw = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"cannot read the config {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    for override in overrides:
        _apply_override(raw, override)
    return parse_config(kind, raw)


def parse_config(kind: type[AnyConfig], raw: dict[str, Any]) -> AnyConfig:
    """Validate a config given as plain data; raises ConfigError with one clause per fault."""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("; ".join(_explain(kind, fault) for fault in error.errors())) from error


def _apply_override(raw: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise ConfigError(f"--set takes key=value, got {override!r}")
    *sections, leaf = key.strip().split(".")
    place = raw
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set {key}: {section!r} is a value, not a section")
    place[leaf] = _toml_value(text.strip())


def _toml_value(text: str) -> Any:
    """A TOML value, or the text itself where it is not one (so that strings need no quotes)."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _explain(kind: type[Config], fault: Any) -> str:
    known, tags = _keys(kind)
    # pydantic puts the chosen member of a union into the location; nobody writes it in a file.
    key = ".".join(str(part) for part in fault["loc"] if part not in tags)
    if fault["type"] != "extra_forbidden":
        return f"{key or 'config'}: {fault['msg'].removeprefix('Value error, ')}"
    nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
    return f"unknown key {key!r}; the nearest known key is {nearest!r}"


def _keys(model: type[BaseModel], prefix: str = "") -> tuple[list[str], set[str]]:
    """Every dotted key of a config, and the names by which unions tell their members apart."""
    keys: list[str] = []
    tags: set[str] = set()
    for name, field in model.model_fields.items():
        sections = [t for t in (field.annotation, *get_args(field.annotation)) if _is_model(t)]
        for section in sections:
            inner, inner_tags = _keys(section, f"{prefix}{name}.")
            keys += inner
            tags |= inner_tags
        if len(sections) > 1:
            tags |= {section.model_fields["kind"].default for section in sections}
        keys += [] if sections else [prefix + name]
    return keys, tags


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
