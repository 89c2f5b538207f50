"""The problems of a run: loaded, known to fit, and in the order in which they are learned from.

    RunConfig --prepare--> Prepared        training problems --open_stream--> ProblemStream

What a problem is and where problems come from is `guru_data`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guru_data import Cursor, Problem, ProblemStream, Split, load_problems
from rlvr.config import RunConfig
from rlvr.errors import ConfigError
from rlvr.prompts import PromptEncoder


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A config with its problems loaded and every prompt known to fit."""

    config: RunConfig
    train: Sequence[Problem]
    heldout: Sequence[Problem]
    encode: PromptEncoder


def prepare(config: RunConfig) -> Prepared:
    """Load both splits and encode every prompt once, so that a too long one is found before anything starts.

    Raises:
        ConfigError: a prompt does not fit, or the model has no chat template.
        SourceError: the problems cannot be loaded.
    """
    encode = PromptEncoder(config.model, config.engine.max_model_len - config.rollout.max_new_tokens)
    train, heldout = (load_problems(config.data, split) for split in ("train", "heldout"))
    shown = sample(heldout, config)
    encode.check([*train, *shown])
    return Prepared(config, train, shown, encode)


def sample(problems: Sequence[Problem], config: RunConfig) -> Sequence[Problem]:
    """`eval.problems` of the problems, each once, the same for the same seed; each domain by its share."""
    count = min(config.eval.problems, len(problems))
    return ProblemStream(problems, seed=config.seed).next_batch(count) if count else ()


def evaluated(prepared: Prepared, split: Split) -> Sequence[Problem]:
    """The problems of a split that an evaluation tries.

    Raises:
        ConfigError: there are none.
    """
    problems = prepared.heldout if split == "heldout" else sample(prepared.train, prepared.config)
    if not problems:
        raise ConfigError(f"data has no {split} problems to evaluate on")
    return problems


def open_stream(config: RunConfig, problems: Sequence[Problem], at: Cursor | None = None) -> ProblemStream:
    """The training problems in the config's order, from the start or from where a cursor was taken.

    Raises:
        SourceConfigError: the mixture or the curriculum does not fit the problems.
        CursorError: the cursor is of another stream.
    """
    settings: dict[str, Any] = {
        "weights": config.mixture or None,
        "seed": config.seed,
        "curriculum": config.curriculum,
        "ahead": config.rollout.ahead,
    }
    if at is None:
        return ProblemStream(problems, **settings)
    return ProblemStream.from_state(at, problems, **settings)
