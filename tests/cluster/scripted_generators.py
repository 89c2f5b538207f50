"""Engines for pool tests: scripted, with one thing each that goes wrong. Imported by actors by path."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from rlvr.config import EngineConfig
from rlvr.engines.scripted import ScriptedEngine
from rlvr.errors import GeneratorLostError, WeightsMismatchError
from rlvr.rollouts import Prompt, Rollout, SamplingParams
from rlvr.weights.ref import WeightsRef


class ProcessEngine(ScriptedEngine):
    """Answers with the id of the process it runs in, slowly."""

    def __init__(self, config: EngineConfig, model_path: str, seed: int) -> None:
        super().__init__(lambda prompt, index, version: str(os.getpid()))
        self._directory = Path(model_path)

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        await asyncio.sleep(0.2)
        return await super().generate(prompt, count, params)


class MortalEngine(ProcessEngine):
    """Its process ends at every problem called `poison`, and once at one called `accident`."""

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        happened = self._directory / "accident"
        if prompt.problem_id == "poison" or (prompt.problem_id == "accident" and not happened.exists()):
            happened.touch()
            os._exit(1)
        return await super().generate(prompt, count, params)


class HeadlessEngine(ProcessEngine):
    """Its actor lives, its engine process does not."""

    async def generate(self, prompt: Prompt, count: int, params: SamplingParams) -> list[Rollout]:
        raise GeneratorLostError("vLLM's engine process died")


class DeafEngine(ProcessEngine):
    """Takes no weights but version 1."""

    async def load(self, ref: WeightsRef) -> float:
        if ref.version > 1:
            raise WeightsMismatchError(f"the engine does not hold weights version {ref.version}")
        return await super().load(ref)
