"""A problem: what a model is asked, and what its verifier needs to grade the answer.

Sources make problems, the stream orders them, the trainer asks them; nobody changes one. The
ground truth is opaque here: only the named verifier knows its shape.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Split = Literal["train", "heldout"]
Domain = Literal["math", "code", "science", "logic", "simulation", "table"]
PassRate = Annotated[float, Field(ge=0.0, le=1.0)]


class Message(BaseModel):
    """One turn of a chat."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str


class Problem(BaseModel):
    """One question with its reference and where it came from."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: str = Field(min_length=1)
    """Unique within a training set, and the same each time the source is read."""
    prompt: tuple[Message, ...] = Field(min_length=1)
    domain: str = Field(min_length=1)
    """What mixtures and reports group by; Guru has six (see `Domain`)."""
    data_source: str = Field(min_length=1)
    """The data set the problem is from, as in Guru's column of that name."""
    verifier: str = Field(min_length=1)
    """Name of the verifier that grades it."""
    ground_truth: JsonValue
    """The reference, in the shape the verifier expects."""
    extra: dict[str, JsonValue] = {}
    """What the verifier needs besides the reference (time limits, checkers)."""
    source: str
    """How the problem was obtained: a generator and its version, or a file and row."""
    licence: str
    split: Split
    difficulty: str | None = None
    """How hard its source calls it, in the source's own words."""
    pass_rates: dict[str, PassRate] = {}
    """Share of right answers in [0, 1], by the model that was tried on it."""

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of all that decides training on the problem: prompt, verifier, reference, extra."""
        content = {
            "prompt": self.chat(),
            "verifier": self.verifier,
            "ground_truth": self.ground_truth,
            "extra": self.extra,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def chat(self) -> list[dict[str, str]]:
        """The prompt as chat templates take it."""
        return [message.model_dump() for message in self.prompt]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row of a source that did not become a problem: kept to be counted and looked at."""

    source: str
    """File and row, as in `Problem.source`."""
    reason: str
    """One of a few words that reports group by, such as `malformed_ground_truth`."""
    detail: str
    """What exactly is wrong, for a person."""

    def __str__(self) -> str:
        return f"{self.source}: {self.detail}"
