"""Wires a run: config in, a `Run` whose parts are up, and everything ended again afterwards.

    preflight -> Ray -> verifier service | generators | learner (at once) -> Run

The only place that knows every part.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guru_data import Problem, Split
from rlvr.algorithms.base import open_algorithm
from rlvr.audit import Audit, describe
from rlvr.audit.opinions.second_verifier import parse_second_verifier
from rlvr.audit.opinions.shadow import open_shadow
from rlvr.cluster.generators import GeneratorPool
from rlvr.cluster.learner import RemoteLearner
from rlvr.cluster.preflight import check_cluster, preflight
from rlvr.cluster.session import cluster
from rlvr.cluster.verifier_service import start_verifiers
from rlvr.config import RunConfig
from rlvr.console import RunConsole
from rlvr.errors import ConfigError, RlvrError
from rlvr.evaluate import Evaluation, evaluate
from rlvr.groups import GroupMaker, GroupStream
from rlvr.problems import Prepared, evaluated, open_stream, prepare
from rlvr.rollouts import SamplingParams
from rlvr.run import Run
from rlvr.weights.directory import discard_weights, weights_directory
from verifiers import VerifierClient

PROBE_PROMPTS = 8
"""Prompts that prove the first publish."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan(Prepared):
    """All that can be known of a run before anything is started."""

    directory: Path
    resume_from: Path | None


def plan(config: RunConfig, *, resume: bool) -> Plan:
    """Load the problems and check the config against the machine; starts nothing.

    Raises:
        ConfigError: something would fail later; one sentence says what and how to mend it.
    """
    directory = Path(config.out_dir) / config.name
    resume_from = _newest_checkpoint(directory) if resume or directory.exists() else None
    if resume_from is not None and not resume:
        raise ConfigError(f"{directory} exists: go on with --resume, or choose another name")
    preflight(config)
    prepared = prepare(config)
    open_stream(config, prepared.train)
    if config.audit.shadow is not None:
        parse_second_verifier(config.audit.shadow)
    return Plan(config, prepared.train, prepared.heldout, prepared.encode, directory, resume_from)


@asynccontextmanager
async def wire(plan: Plan, console: RunConsole) -> AsyncIterator[Run]:
    """Start every part of a planned run, and end every one of them on the way out."""
    config = plan.config
    async with AsyncExitStack() as stack:
        stack.enter_context(cluster(config.ray_address))
        check_cluster(config)
        transfer = weights_directory(f"{config.name}-{id(stack):x}")
        stack.callback(discard_weights, transfer)
        probe = tuple(plan.encode(problem).token_ids for problem in plan.train[:PROBE_PROMPTS])
        service, generators, learner = await _start_together(
            stack,
            start_verifiers(config.verifier, only=_verifier_names(plan.train, plan.heldout)),
            GeneratorPool.start(config.engine, config.model, config.seed, retries=config.rollout.retries),
            RemoteLearner.start(
                config.learner,
                config.algorithm,
                config.model,
                transfer,
                probe,
                config.seed,
                shares_gpu=config.engine.transfer == "ipc",
            ),
        )
        await learner.connect(config.engine, generators.handles)
        client = VerifierClient(service.url, deadline_s=config.verifier.deadline_s, token=service.token)
        stack.push_async_callback(client.close)
        state: dict[str, Any] = {"done": 0, "cursor": None}
        if plan.resume_from is not None:
            state = await learner.restore(plan.resume_from)
        stream = open_stream(config, plan.train, state["cursor"])
        digests = await service.digests()
        origin = describe(config, model_dir=Path(config.model), verifiers=digests, command=sys.argv)
        audit = Audit(plan.directory, config.name, origin, resume=plan.resume_from is not None)
        stack.enter_context(_finished(audit))
        shadow = await stack.enter_async_context(
            open_shadow(config.audit, audit, seed=config.seed, deadline_s=config.verifier.deadline_s)
        )
        yield Run(
            config=config,
            directory=plan.directory,
            generators=generators,
            groups=GroupStream(
                stream,
                _maker(plan, generators, client, config.rollout.temperature, config.rollout.group_size),
                problems_per_step=config.rollout.problems_per_step,
                ahead=config.rollout.ahead,
                steps=config.steps,
            ),
            evaluator=_maker(plan, generators, client, config.eval.temperature, config.eval.samples),
            heldout=plan.heldout,
            algorithm=open_algorithm(config.algorithm),
            learner=learner,
            audit=audit,
            shadow=shadow,
            console=console,
            cursor=stream.state(),
            first=state["done"],
        )


async def evaluate_model(config: RunConfig, split: Split) -> Evaluation:
    """Evaluate the config's model, as it lies on disk, on `eval.problems` problems of a split.

    Raises:
        ConfigError: the config cannot be run, or the split has no problems.
    """
    preflight(config)
    prepared = prepare(config)
    problems = evaluated(prepared, split)
    async with AsyncExitStack() as stack:
        stack.enter_context(cluster(config.ray_address))
        service, generators = await _start_together(
            stack,
            start_verifiers(config.verifier, only=_verifier_names(problems)),
            GeneratorPool.start(config.engine, config.model, config.seed, retries=config.rollout.retries),
        )
        client = VerifierClient(service.url, deadline_s=config.verifier.deadline_s, token=service.token)
        stack.push_async_callback(client.close)
        maker = _maker(prepared, generators, client, config.eval.temperature, config.eval.samples)
        return await evaluate(maker, problems, 0)


@contextmanager
def _finished(audit: Audit) -> Iterator[None]:
    """Close the books and write the report, also of a run that fails; its error stays the first."""
    try:
        yield
    except BaseException as error:
        try:
            audit.finish()
        except (RlvrError, OSError) as second:
            error.add_note(f"and its report could not be written: {second}")
        raise
    audit.finish()


async def _start_together(stack: AsyncExitStack, *starting: Coroutine[Any, Any, Any]) -> list[Any]:
    """Start parts at once; the stack closes each that came up, also where another did not or all were
    cancelled."""
    tasks = [asyncio.ensure_future(start) for start in starting]
    try:
        started = await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        for task in tasks:
            if not task.cancelled() and task.exception() is None:
                stack.push_async_callback(task.result().close)
    for part in started:
        if isinstance(part, BaseException):
            raise part
    return started


def _verifier_names(*problems: Sequence[Problem]) -> frozenset[str]:
    return frozenset(problem.verifier for group in problems for problem in group)


def _maker(
    plan: Prepared, generators: GeneratorPool, client: VerifierClient, temperature: float, count: int
) -> GroupMaker:
    rollout, engine = plan.config.rollout, plan.config.engine
    sampling = SamplingParams(temperature=temperature, max_new_tokens=rollout.max_new_tokens)
    at_once = max(1, 2 * engine.replicas * engine.max_num_seqs // count)  # one waits behind each that runs
    return GroupMaker(generators, client, plan.encode, sampling, count, rollout.timeout_s, at_once)


def _newest_checkpoint(directory: Path) -> Path:
    from rlvr.learner.checkpoint import latest_checkpoint

    if not directory.exists():
        raise ConfigError(f"there is no {directory} to resume; run without --resume")
    found = latest_checkpoint(directory / "checkpoints")
    if found is None:
        raise ConfigError(
            f"{directory} holds no checkpoint to go on from: move it away or choose another name, and run "
            "without --resume"
        )
    return found
