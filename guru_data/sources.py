"""The sources there are, and how to load one.

    config --SOURCES[config.kind]--> Source --problems(split)--> list[Problem]

A source's module is imported when a config asks for it, and not before.
"""

from __future__ import annotations

from importlib import import_module

from pydantic import TypeAdapter, ValidationError

from guru_data.base import Source
from guru_data.config import SourceConfig
from guru_data.errors import SourceConfigError, UnknownSourceError
from guru_data.problem import Problem, Split

SOURCES = {
    "guru": "guru_data.guru.source:GuruSource",
    "huggingface": "guru_data.huggingface:HuggingfaceSource",
    "jsonl": "guru_data.jsonl:JsonlSource",
    "parquet": "guru_data.parquet:ParquetSource",
    "reasoning_gym": "guru_data.reasoning_gym:ReasoningGymSource",
    "synthetic": "guru_data.synthetic.source:SyntheticSource",
}


def open_source(config: SourceConfig) -> Source:
    """Build the source a config describes."""
    if config.kind not in SOURCES:
        raise UnknownSourceError(f"no source of kind {config.kind!r}; have {sorted(SOURCES)}")
    module, _, name = SOURCES[config.kind].partition(":")
    source: Source = getattr(import_module(module), name)(config)
    return source


def load_problems(config: SourceConfig, split: Split) -> list[Problem]:
    """All problems of one side of a source, always the same for the same config.

    Raises:
        SourceError: the source cannot be read, or a row is malformed.
        SourceConfigError: the config asks for more than the source holds.
    """
    return list(open_source(config).problems(split))


def parse_source_config(raw: dict[str, object]) -> SourceConfig:
    """Validate a source config given as plain data; raises SourceConfigError, one clause per fault."""
    try:
        config: SourceConfig = TypeAdapter(SourceConfig).validate_python(raw)
    except ValidationError as error:
        faults = [(".".join(map(str, fault["loc"])) or "source", fault["msg"]) for fault in error.errors()]
        raise SourceConfigError("; ".join(f"{place}: {message}" for place, message in faults)) from error
    return config
