"""Configs of the sources: which problems to load, from where.

One frozen model per kind of source, told apart by `kind`. They live apart from the sources so
that reading a config imports none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, field_validator

from guru_data.problem import Domain

Level = Literal[1, 2, 3]


class Config(BaseModel):
    """A typo is an error, a loaded config never changes, docstrings become `--help`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SyntheticConfig(Config):
    """Problems made on the spot: seeded, without network, as many as asked for."""

    kind: Literal["synthetic"] = "synthetic"
    seed: NonNegativeInt = 0
    """Another seed draws other problems; which side of the split a problem is on stays the same."""
    domains: Annotated[tuple[Domain, ...], Field(min_length=1)] = ("math", "logic", "table", "code")
    levels: dict[Domain, Level] = {}
    """Difficulty by domain, 1 to 3; a domain not named here is at its task's usual level."""
    train_per_domain: PositiveInt = 1000
    """Distinct training problems of each domain."""
    heldout_per_domain: PositiveInt = 128
    """Distinct held-out problems of each domain."""

    @field_validator("domains")
    @classmethod
    def _each_domain_once(cls, domains: tuple[Domain, ...]) -> tuple[Domain, ...]:
        if repeated := sorted({domain for domain in domains if domains.count(domain) > 1}):
            raise ValueError(f"{', '.join(repeated)} is named twice")
        return domains


class JsonlConfig(Config):
    """A person's own problems, one JSON object per line."""

    kind: Literal["jsonl"] = "jsonl"
    path: Path
    """The file; its rows are described in `guru_data.jsonl`."""
    heldout_share: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.1
    """Share of the rows without a `split` of their own that is held out."""
    licence: str = "unknown"
    """Licence of the rows that name none."""


SourceConfig = Annotated[SyntheticConfig | JsonlConfig, Field(discriminator="kind")]
