"""Generators on Ray: one actor per engine, and the pool that hands work to them.

    Prompt --least busy actor--> Rollouts            lost work is done again by another
    WeightsRef --every actor at once--> one version  a replacement joins once it holds it, proved

An actor that dies, or whose engine dies, is replaced while the others go on. Ray's errors become
ours here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ray
from ray.actor import ActorHandle

from rlvr.cluster.calls import ask, end
from rlvr.cluster.session import beside_driver
from rlvr.config import EngineConfig
from rlvr.engines.base import Engine, PublishReport
from rlvr.engines.registry import build_engine
from rlvr.errors import GeneratorLostError, InfrastructureError
from rlvr.rollouts import Prompt, Rollout, SamplingParams
from rlvr.weights.ref import WeightsRef
from rlvr.weights.transfer import IPC_SHARE, resolve_transfer

if TYPE_CHECKING:
    from rlvr.weights.receive import WeightsReceiver

log = logging.getLogger(__name__)


@ray.remote(max_restarts=0)
class GeneratorActor:
    """One engine on its own devices. No logic here: the engine is tested without Ray."""

    _engine: Engine

    async def start(self, config: EngineConfig, model_path: str, seed: int) -> None:
        self._engine = build_engine(config, model_path, seed)
        await self._engine.start()

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        return await self._engine.generate(prompt, count, params)

    async def load(self, ref: WeightsRef) -> float:
        return await self._engine.load(ref)

    async def close(self) -> None:
        await self._engine.close()

    # What vLLM's weight-sync clients call on an actor; see `rlvr.weights.gpu_transfer`.

    async def init_weight_transfer_engine(self, request: Any) -> None:
        await self._receiver().init_weight_transfer_engine(request)

    async def start_weight_update(self) -> None:
        await self._receiver().start_weight_update()

    async def update_weights(self, request: Any) -> None:
        await self._receiver().update_weights(request)

    async def finish_weight_update(self) -> None:
        await self._receiver().finish_weight_update()

    def _receiver(self) -> WeightsReceiver:
        engine: Any = self._engine  # vLLM's alone takes pushed weights
        receiver: WeightsReceiver = engine.receiver
        return receiver


@dataclass(eq=False)
class _Replica:
    """An actor that holds the current weights."""

    actor: ActorHandle
    rollouts_under_way: int = 0
    probe_diff: float = 0.0


class GeneratorPool:
    """Every generator of a run; see `start`."""

    def __init__(self, config: EngineConfig, model_path: str, seed: int, retries: int) -> None:
        self._config = config
        self._model_path = model_path
        self._next_seed = seed
        self._retries = retries
        self._replicas: list[_Replica] = []
        self._coming: set[asyncio.Task[None]] = set()
        self._publishing = asyncio.Lock()
        self._current: WeightsRef | None = None
        self._failure = ""
        self._closed = False

    @classmethod
    async def start(
        cls,
        config: EngineConfig,
        model_path: str,
        seed: int,
        first: WeightsRef | None = None,
        *,
        retries: int = 2,
    ) -> GeneratorPool:
        """Bring up `config.replicas` generators at once; needs a running Ray.

        Args:
            seed: of the first generator; each later one, replacements included, gets the next.
            first: weights to load before anything is generated; None keeps those on disk.
            retries: how often work lost with its generator is done again.

        Raises:
            InfrastructureError: a generator did not come up in `config.start_timeout_s`.
        """
        pool = cls(config, model_path, seed, retries)
        pool._current = first
        try:
            await asyncio.gather(*(pool._summon() for _ in range(config.replicas)))
        except BaseException:
            await pool.close()
            raise
        return pool

    @property
    def handles(self) -> list[ActorHandle]:
        """The actors, for a trainer engine that pushes weights into them."""
        return [replica.actor for replica in self._replicas]

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> tuple[list[Rollout], int]:
        """`count` completions from the least busy generator, and how many tries they took.

        Waits as long as it takes; the caller sets a deadline by cancelling.

        Raises:
            GeneratorLostError: lost with its generator `retries` + 1 times.
            InfrastructureError: no generator is left and none is coming.
        """
        for attempt in range(1, self._retries + 2):
            replica = await self._least_busy()
            replica.rollouts_under_way += count
            try:
                rollouts: list[Rollout] = await ask(replica.actor.generate.remote(prompt, count, params))
            except GeneratorLostError as error:
                lost = error
                self._replace(replica)
            else:
                return rollouts, attempt
            finally:
                replica.rollouts_under_way -= count
        given_up = GeneratorLostError(f"{prompt.problem_id} was lost {attempt} times; the last: {lost}")
        given_up.tries = attempt
        raise given_up from lost

    async def publish(self, ref: WeightsRef) -> PublishReport:
        """Load one version into every generator; replacements from here on load it too.

        Raises:
            WeightsMismatchError: a generator does not compute what the learner computes.
            InfrastructureError: a generator could not load it, or none is left.
        """
        began = time.monotonic()
        async with self._publishing:
            self._current = ref
            asked = list(self._replicas)
            outcomes = await asyncio.gather(*(self._load(r) for r in asked), return_exceptions=True)
        for replica, outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, GeneratorLostError):
                self._replace(replica)
            elif isinstance(outcome, BaseException):
                raise outcome
        await self._least_busy()  # all of them may have been lost: then the first replacement
        worst = max(replica.probe_diff for replica in self._replicas)
        return PublishReport(ref.version, worst, time.monotonic() - began)

    async def close(self) -> None:
        """End every actor and every engine process; safe to call twice."""
        self._closed = True
        for task in self._coming:
            task.cancel()
        await asyncio.gather(*self._coming, return_exceptions=True)
        replicas, self._replicas = self._replicas, []
        await asyncio.gather(*(end(replica.actor) for replica in replicas))

    async def _least_busy(self) -> _Replica:
        while not self._replicas:
            if not self._coming:
                raise InfrastructureError(f"no generator is left, and no other came up: {self._failure}")
            await asyncio.wait(self._coming, return_when=asyncio.FIRST_COMPLETED)
        return min(self._replicas, key=lambda replica: replica.rollouts_under_way)

    async def _load(self, replica: _Replica) -> None:
        replica.probe_diff = await ask(replica.actor.load.remote(self._current), self._config.start_timeout_s)

    def _replace(self, replica: _Replica) -> None:
        """Send a lost generator no more work and start another; once, however many notice the loss."""
        if replica not in self._replicas or self._closed:
            return
        self._replicas.remove(replica)
        ray.kill(replica.actor)  # unreachable is not dead, and the actor of a dead engine lives on
        self._summon()

    def _summon(self) -> asyncio.Task[None]:
        """Start one more generator in the background."""
        task = asyncio.create_task(self._bring_up(), name="bring-up-generator")
        self._coming.add(task)
        task.add_done_callback(self._came)
        return task

    def _came(self, task: asyncio.Task[None]) -> None:
        self._coming.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failure = str(error)
            log.warning("a generator did not come up: %s", error)

    async def _bring_up(self) -> None:
        """Start one actor; it serves once it holds the current weights."""
        actor = GeneratorActor.options(**_placement(self._config)).remote()  # type: ignore[attr-defined]
        seed, self._next_seed = self._next_seed, self._next_seed + 1
        try:
            starting = actor.start.remote(self._config, self._model_path, seed)
            await ask(starting, self._config.start_timeout_s)
            replica = _Replica(actor)
            async with self._publishing:
                if self._current is not None:
                    await self._load(replica)
                self._replicas.append(replica)
        except BaseException:
            ray.kill(actor)
            raise


def _gpus(config: EngineConfig) -> float:
    if config.device == "cpu":
        return 0
    return IPC_SHARE if config.transfer == "ipc" else config.tensor_parallel


def _placement(config: EngineConfig) -> dict[str, Any]:
    """CPU engines reserve no cores: on a small machine they and the learner take turns."""
    return {
        "num_cpus": 0,
        "num_gpus": _gpus(config),
        "scheduling_strategy": beside_driver() if resolve_transfer(config) == "shm" else "DEFAULT",
    }
