"""A run in one process: scripted answers, everything else real (verifiers, learner, ledger, report)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from guru_data import Problem, load_problems
from rlvr.algorithms.base import open_algorithm
from rlvr.audit import Audit, describe
from rlvr.audit.opinions.shadow import open_shadow
from rlvr.batch import Batch
from rlvr.config import RunConfig
from rlvr.engines.local import LocalGenerators
from rlvr.engines.scripted import ScriptedEngine
from rlvr.evaluate import Evaluation
from rlvr.groups import GroupMaker, GroupStream, Verifiers
from rlvr.learner.learner import Learner
from rlvr.problems import open_stream
from rlvr.prompts import PromptEncoder
from rlvr.rollouts import SamplingParams
from rlvr.run import Run
from rlvr.weights.ref import WeightsRef
from verifiers import LocalVerifierClient
from verifiers.registry import plugin_table

Answer = Callable[[Problem, int, int], str]
"""(problem, index in its group, weights version) -> what the "model" answers."""


class ThreadLearner:
    """A learner in a thread of this process."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    async def update(self, batch: Batch) -> dict[str, float]:
        return await asyncio.to_thread(self._learner.update, batch)

    async def publish(self) -> WeightsRef:
        return await asyncio.to_thread(self._learner.publish)

    async def save(self, checkpoints: Path, state: dict[str, Any], keep: int) -> Path:
        return self._learner.save(checkpoints, state, keep)

    async def restore(self, checkpoint: Path) -> dict[str, Any]:
        return self._learner.restore(checkpoint)

    async def export(self, directory: Path) -> None:
        self._learner.export(directory)


class Transcript:
    """A console that remembers."""

    def __init__(self) -> None:
        self.steps: list[Mapping[str, float]] = []
        self.said: list[str] = []
        self._events: dict[int, asyncio.Event] = {}

    def step(self, step: int, metrics: Mapping[str, float]) -> None:
        self.steps.append(metrics)
        self._events.setdefault(len(self.steps), asyncio.Event()).set()

    async def reached(self, steps: int) -> None:
        """Wait until so many steps were shown."""
        await self._events.setdefault(steps, asyncio.Event()).wait()

    def evaluation(self, step: int, evaluation: Evaluation) -> None:
        self.said.append(f"evaluated after {step}")

    def say(self, text: str) -> None:
        self.said.append(text)


def small_config(tiny_model: Path, out_dir: Path, **changes: Any) -> RunConfig:
    """Two problems of four rollouts a step; `changes` replace top-level sections or values."""
    values: dict[str, Any] = {
        "name": "run",
        "model": str(tiny_model),
        "out_dir": str(out_dir),
        "steps": 3,
        "data": {"domains": ["math"], "train_per_domain": 12, "heldout_per_domain": 4, "kind": "synthetic"},
        "rollout": {"problems_per_step": 2, "group_size": 4, "max_new_tokens": 64},
        "learner": {"learning_rate": 1e-3, "threads": 1},
        "eval": {"problems": 4},
    }
    return RunConfig.model_validate(values | changes)


@asynccontextmanager
async def local_run(
    config: RunConfig, answer: Answer, verifiers: Verifiers | None = None
) -> AsyncIterator[tuple[Run, Transcript]]:
    """Wire a run without Ray and vLLM; `answer` plays the model."""
    train, heldout = (load_problems(config.data, split) for split in ("train", "heldout"))
    by_id: dict[str, Problem] = {problem.id: problem for problem in (*train, *heldout)}
    engine = ScriptedEngine(lambda prompt, index, version: answer(by_id[prompt.problem_id], index, version))
    generators = LocalGenerators(engine)
    encode = PromptEncoder(config.model, config.engine.max_model_len - config.rollout.max_new_tokens)
    directory = Path(config.out_dir) / config.name
    learner = Learner(
        config.learner,
        config.algorithm,
        config.model,
        directory.parent / "weights",
        ((5, 6, 7),),
        config.seed,
    )
    sampling = SamplingParams(config.rollout.temperature, config.rollout.max_new_tokens)
    stream = open_stream(config, train)
    console = Transcript()
    named = frozenset(problem.verifier for problem in by_id.values())
    async with LocalVerifierClient(plugin_table({}, only=named)) as own, AsyncExitStack() as ending:
        client = verifiers or own

        def maker(count: int) -> GroupMaker:
            return GroupMaker(generators, client, encode, sampling, count, config.rollout.timeout_s, 64)

        origin = describe(config, model_dir=Path(config.model), verifiers={}, command=["test"])
        audit = Audit(directory, config.name, origin)
        shadow = await ending.enter_async_context(
            open_shadow(config.audit, audit, seed=config.seed, deadline_s=config.verifier.deadline_s)
        )
        yield (
            Run(
                config=config,
                directory=directory,
                generators=generators,
                groups=GroupStream(
                    stream,
                    maker(config.rollout.group_size),
                    problems_per_step=config.rollout.problems_per_step,
                    ahead=config.rollout.ahead,
                    steps=config.steps,
                ),
                evaluator=maker(1),
                heldout=heldout,
                algorithm=open_algorithm(config.algorithm),
                learner=ThreadLearner(learner),
                audit=audit,
                shadow=shadow,
                console=console,
                cursor=stream.state(),
            ),
            console,
        )
        await ending.aclose()
        audit.close()


def right_at(indices: Sequence[int]) -> Answer:
    """Answers rightly at these places of a group and wrongly at the others."""
    return lambda problem, index, version: (
        rf"\boxed{{{problem.ground_truth}}}" if index in indices else r"\boxed{-1}"
    )
