"""Configs of the curricula, told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from guru_data.config import Config

Rate = Annotated[float, Field(ge=0.0, le=1.0)]


class MixtureConfig(Config):
    """All domains at once, from the first step to the last."""

    kind: Literal["mixture"] = "mixture"
    """Chooses this curriculum."""


class StageConfig(Config):
    """Some domains for some time. The last stage of a curriculum has no end."""

    domains: tuple[str, ...] = ()
    """None means all."""
    steps: PositiveInt | None = None
    """The next stage begins after so many steps of this one."""
    reward: Rate | None = None
    """The next stage begins when the mean reward of the last `window` steps of this one reaches this."""
    window: PositiveInt = 10
    """Steps over which `reward` is averaged."""


ERNIE_STAGES = (
    StageConfig(domains=("logic",), steps=100),
    StageConfig(domains=("math",), steps=100),
    StageConfig(domains=("code",), steps=100),
    StageConfig(),
)


class StagedConfig(Config):
    """One group of domains after the other, as ERNIE-4.5 was trained."""

    kind: Literal["staged"] = "staged"
    """Chooses this curriculum."""
    stages: Annotated[tuple[StageConfig, ...], Field(min_length=1)] = ERNIE_STAGES
    """In this order; every one but the last ends by `steps` or `reward`."""

    @model_validator(mode="after")
    def _every_stage_but_the_last_ends(self) -> Self:
        for number, stage in enumerate(self.stages[:-1]):
            if stage.steps is None and stage.reward is None:
                raise ValueError(f"stages.{number} never ends: give it steps or a reward")
        if self.stages[-1].steps is not None or self.stages[-1].reward is not None:
            raise ValueError("the last stage has no end: leave out its steps and reward")
        return self


class DifficultyAwareConfig(Config):
    """Each epoch without most of what is solved or hopeless, short answers first.

    After the K2 Think team's `diff_aware` recipe: all problems with a pass rate between 0 and 1, solved
    ones up to 5 % and hopeless ones up to 20 % of their number; the room for an answer grows with how
    often the problem is missed.
    """

    kind: Literal["difficulty"] = "difficulty"
    """Chooses this curriculum."""
    model: str = "qwen3_30b"
    """Whose pass rate counts until the run has measured its own."""
    solved_share: Rate = 0.05
    """Most solved problems (pass rate 1) of an epoch, as a share of those neither solved nor hopeless."""
    hopeless_share: Rate = 0.2
    """Most hopeless problems (pass rate 0) of an epoch, as a share of those neither solved nor hopeless."""
    shortest_budget: PositiveInt = 4_000
    """Tokens that an answer may have at least."""
    longest_budget: PositiveInt = 32_768
    """Tokens that an answer may have at most."""

    @model_validator(mode="after")
    def _shortest_fits(self) -> Self:
        if self.shortest_budget > self.longest_budget:
            raise ValueError(
                f"shortest_budget={self.shortest_budget} is above longest_budget={self.longest_budget}"
            )
        return self


CurriculumConfig = Annotated[
    MixtureConfig | StagedConfig | DifficultyAwareConfig, Field(discriminator="kind")
]
