"""What every engine can do, and what the training loop asks of engines in general.

    Engine      one copy of the model: Prompt -> Rollouts, WeightsRef -> a new version
    Generators  any number of engines behind one door (a Ray pool, or one engine in this process)

An engine knows nothing of rewards, verifiers or Ray. Members are listed in `registry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rlvr.rollouts import Prompt, Rollout, SamplingParams
from rlvr.weights.ref import WeightsRef

WEIGHTS_ON_DISK = 0
"""Version of the weights an engine starts with: those in the model's directory."""


class Engine(Protocol):
    """One copy of the model on its own devices.

    Made as `Engine(config: EngineConfig, model_path: str, seed: int)`; nothing runs before `start`.
    """

    @property
    def version(self) -> int:
        """Version of the weights held; `WEIGHTS_ON_DISK` until the first `load`."""
        ...

    async def start(self) -> None:
        """Bring the model up.

        Raises:
            InfrastructureError: it did not come up within `config.start_timeout_s`.
        """
        ...

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        """Draw `count` completions of one prompt, in any order of finishing, returned together.

        Raises:
            ConfigError: the prompt does not fit the engine's `max_model_len`.
            GeneratorLostError: the engine died; the work can be done by another.
        """
        ...

    async def load(self, ref: WeightsRef) -> float:
        """Take new weights in place; sequences under way go on under them.

        Returns:
            mean |log-probability difference| between engine and learner on the ref's probe, nats per
            token; 0.0 for an engine without weights.

        Raises:
            WeightsMismatchError: that mean is above `config.probe_tolerance`, or the old weights are held.
            InfrastructureError: the weights could not be read; the engine has stopped.
        """
        ...

    async def close(self) -> None:
        """End every process of the engine; safe to call twice."""
        ...


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What one publish cost and proved.

    `probe_diff` is the worst engine's mean |log-probability difference| in nats per token.
    """

    version: int
    probe_diff: float
    seconds: float


class Generators(Protocol):
    """What the training loop sees of all engines together."""

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> tuple[list[Rollout], int]:
        """`count` completions, and how many tries they took.

        Raises:
            GeneratorLostError: the work was lost more often than it may be retried.
        """
        ...

    async def publish(self, ref: WeightsRef) -> PublishReport:
        """Load one version into every engine; all of them hold it when this returns."""
        ...

    async def close(self) -> None:
        """Leave nothing running."""
        ...
