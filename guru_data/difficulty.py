"""How hard problems are, told from how often models got them right.

    evaluation files --measured_rates--> {problem id: pass rate}
    Problem --DifficultyFilter.verdict--> too_easy | hopeless | None

Guru measured a weak and a strong model with 16 rollouts each and dropped what the weak one nearly
always solves and what the strong one never does; the default limits are its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, ValidationError, model_validator

from guru_data.config import Config
from guru_data.errors import SourceError
from guru_data.problem import Problem

BANDS = ("0", "(0, 0.2)", "[0.2, 0.4)", "[0.4, 0.6)", "[0.6, 0.8)", "[0.8, 1)", "1")
Rate = Annotated[float, Field(ge=0.0, le=1.0)]


class DifficultyConfig(Config):
    """What is too easy or too hard to learn from."""

    weak: str = "qwen2.5_7b"
    """The model whose pass rate says that a problem is too easy."""
    strong: str = "qwen3_30b"
    """The model whose pass rate says that a problem is hopeless."""
    too_easy_from: Rate = 0.9
    """A problem is dropped from this pass rate of the weak model on."""
    hopeless_to: Rate = 1e-5
    """A problem is dropped up to this pass rate of the strong model."""
    measured: dict[str, tuple[Path, ...]] = Field(default_factory=dict)
    """Evaluations (what `rlvr eval --json` printed, or a run's `evals/step_*.json`), by the model that they
    measured; they are added to the pass rates that the sources bring and win over them."""

    @model_validator(mode="after")
    def _limits_leave_something(self) -> DifficultyConfig:
        if self.weak == self.strong and self.hopeless_to >= self.too_easy_from:
            raise ValueError(
                f"hopeless_to={self.hopeless_to} and too_easy_from={self.too_easy_from} drop all"
            )
        return self


def band_of(rate: float) -> str:
    """The band of a pass rate that reports count by."""
    if rate in (0.0, 1.0):
        return BANDS[0] if rate == 0.0 else BANDS[-1]
    return BANDS[1 + int(rate * 5)]


def dropped_for(problem: Problem, config: DifficultyConfig) -> Literal["too_easy", "hopeless"] | None:
    """Why a problem is dropped; None also where it was not measured."""
    weak, strong = (problem.pass_rates.get(model) for model in (config.weak, config.strong))
    if weak is not None and weak >= config.too_easy_from:
        return "too_easy"
    if strong is not None and strong <= config.hopeless_to:
        return "hopeless"
    return None


def with_measured(problem: Problem, measured: Mapping[str, Mapping[str, float]]) -> Problem:
    """The problem with the pass rates that evaluations found for its id."""
    found = {model: rates[problem.id] for model, rates in measured.items() if problem.id in rates}
    if not found:
        return problem
    return problem.model_copy(update={"pass_rates": problem.pass_rates | found})


class _Result(BaseModel):
    problem_id: str
    samples: PositiveInt
    correct: NonNegativeInt

    @model_validator(mode="after")
    def _no_more_right_than_samples(self) -> Self:
        if self.correct > self.samples:
            raise ValueError(f"{self.correct} right of {self.samples} samples")
        return self


class _Evaluation(BaseModel):
    results: list[_Result]


def measured_rates(paths: Iterable[Path]) -> dict[str, float]:
    """Pass rates by problem id, pooled over evaluation files of one model.

    Raises:
        SourceError: a file cannot be read, or is no evaluation.
    """
    samples: dict[str, int] = {}
    correct: dict[str, int] = {}
    for path in paths:
        try:
            evaluation = _Evaluation.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError) as error:
            raise SourceError(f"cannot read the evaluation {path}: {error}") from error
        for result in evaluation.results:
            name = result.problem_id
            samples[name] = samples.get(name, 0) + result.samples
            correct[name] = correct.get(name, 0) + result.correct
    return {name: correct[name] / samples[name] for name in samples}
