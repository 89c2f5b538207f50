"""The learner on Ray: an actor around `rlvr.learner.learner.Learner`, and the driver's handle to it.

    await RemoteLearner.start(...)    then update, publish, save, restore, export as on a Learner

Torch is loaded in the actor's process alone. Ray's errors become ours here.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import ray
from ray.exceptions import RayActorError, RayTaskError

from rlvr.batch import Batch
from rlvr.cluster.session import beside_driver
from rlvr.config import EngineConfig, GRPOConfig, LearnerConfig
from rlvr.errors import InfrastructureError, RlvrError
from rlvr.openmp import idle_threads_sleep
from rlvr.weights.ref import WeightsRef
from rlvr.weights.transfer import IPC_SHARE, resolve_transfer

if TYPE_CHECKING:
    from rlvr.learner.learner import Learner

START_LIMIT_S = 900.0
"""Loading a large model from slow storage takes minutes."""
CALL_LIMIT_S = 7200.0
"""One update, publish or checkpoint; far above any that works, so that a hang ends some day."""


@ray.remote(max_restarts=0)
class LearnerActor:
    """One learner on its own device. No logic here: the learner is tested without Ray.

    Never restarted: a new one would hold the weights on disk and not the trained ones.
    """

    _learner: Learner

    def start(
        self,
        config: LearnerConfig,
        algorithm: GRPOConfig,
        model: str,
        weights_directory: Path,
        probe: tuple[tuple[int, ...], ...],
        seed: int,
    ) -> None:
        if config.device == "cpu":
            # Read when torch is imported; generators use the same cores in turn.
            os.environ |= {"OMP_NUM_THREADS": str(config.threads), **idle_threads_sleep()}
        from rlvr.learner.learner import Learner

        self._learner = Learner(config, algorithm, model, weights_directory, probe, seed)

    def connect(self, transfer: Literal["nccl", "ipc"], generators: list[Any], workers_each: int) -> None:
        self._learner.connect(transfer, generators, workers_each)

    def update(self, batch: Batch) -> dict[str, float]:
        return self._learner.update(batch)

    def publish(self) -> WeightsRef:
        return self._learner.publish()

    def save(self, checkpoints: Path, state: dict[str, Any], keep: int) -> Path:
        return self._learner.save(checkpoints, state, keep)

    def restore(self, checkpoint: Path) -> dict[str, Any]:
        return self._learner.restore(checkpoint)

    def export(self, directory: Path) -> None:
        self._learner.export(directory)


class RemoteLearner:
    """A learner in a process of its own; see `start`."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    @classmethod
    async def start(
        cls,
        config: LearnerConfig,
        algorithm: GRPOConfig,
        model: str,
        weights_directory: Path,
        probe: tuple[tuple[int, ...], ...],
        seed: int,
        *,
        shares_gpu: bool = False,
    ) -> RemoteLearner:
        """Bring a learner up; needs a running Ray. The arguments are those of `Learner`.

        Args:
            shares_gpu: a generator is to be put on the learner's GPU, beside it.

        Raises:
            ConfigError: the model cannot be loaded.
            InfrastructureError: it did not come up within `START_LIMIT_S`.
        """
        on_gpu = config.device == "cuda"
        options: dict[str, Any] = {
            "num_cpus": 0,
            "num_gpus": IPC_SHARE if on_gpu and shares_gpu else int(on_gpu),
        }
        if not on_gpu:  # its weights go through this host's shared memory
            options["scheduling_strategy"] = beside_driver()
        actor_class: Any = LearnerActor  # ray.remote has no precise type
        learner = cls(actor_class.options(**options).remote())
        try:
            await learner._ask(
                "start", config, algorithm, model, weights_directory, probe, seed, limit_s=START_LIMIT_S
            )
        except BaseException:
            await learner.close()
            raise
        return learner

    async def connect(self, config: EngineConfig, generators: list[Any]) -> None:
        """Push weights from GPU to GPU where the config says so; else they go through shared memory."""
        transfer = resolve_transfer(config)
        if transfer != "shm":
            await self._ask("connect", transfer, generators, config.tensor_parallel)

    async def update(self, batch: Batch) -> dict[str, float]:
        """As `Learner.update`."""
        metrics: dict[str, float] = await self._ask("update", batch)
        return metrics

    async def publish(self) -> WeightsRef:
        """As `Learner.publish`."""
        ref: WeightsRef = await self._ask("publish")
        return ref

    async def save(self, checkpoints: Path, state: dict[str, Any], keep: int) -> Path:
        """As `Learner.save`."""
        written: Path = await self._ask("save", checkpoints, state, keep)
        return written

    async def restore(self, checkpoint: Path) -> dict[str, Any]:
        """As `Learner.restore`."""
        state: dict[str, Any] = await self._ask("restore", checkpoint)
        return state

    async def export(self, directory: Path) -> None:
        """As `Learner.export`."""
        await self._ask("export", directory)

    async def close(self) -> None:
        """End the actor's process; safe to call twice."""
        ray.kill(self._actor)

    async def _ask(self, method: str, *arguments: Any, limit_s: float = CALL_LIMIT_S) -> Any:
        try:
            async with asyncio.timeout(limit_s):
                return await getattr(self._actor, method).remote(*arguments)
        except RayTaskError as error:  # first: where a generator had died it is a RayActorError as well
            if isinstance(error.cause, RlvrError):
                raise error.cause from None
            if isinstance(error.cause, RayActorError):
                raise InfrastructureError(
                    f"a generator died during the learner's {method}; go on from the newest checkpoint "
                    "with --resume"
                ) from error
            if isinstance(error.cause, OSError):
                raise InfrastructureError(
                    f"the learner's {method} failed: {error.cause}; mend that and go on with --resume"
                ) from error
            raise
        except RayActorError as error:
            raise InfrastructureError(
                f"the learner's process died during {method}; go on from the newest checkpoint with --resume"
            ) from error
        except TimeoutError as error:
            raise InfrastructureError(f"the learner took over {limit_s:.0f} s to {method}") from error
