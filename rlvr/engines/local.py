"""One engine in this process, seen as the training loop sees a whole pool.

    Engine -> Generators, without Ray

For tests and laptops; a cluster uses `rlvr.cluster.generators.GeneratorPool`.
"""

from __future__ import annotations

import time

from rlvr.engines.base import Engine, PublishReport
from rlvr.rollouts import Prompt, Rollout, SamplingParams
from rlvr.weights.ref import WeightsRef


class LocalGenerators:
    """A pool of one; nothing is retried, for nothing can be lost but the process itself."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> tuple[list[Rollout], int]:
        return await self._engine.generate(prompt, count, params), 1

    async def publish(self, ref: WeightsRef) -> PublishReport:
        started = time.monotonic()
        probe_diff = await self._engine.load(ref)
        return PublishReport(ref.version, probe_diff, time.monotonic() - started)

    async def close(self) -> None:
        await self._engine.close()
