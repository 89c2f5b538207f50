"""One training run in this process, with or without a fault, and what the audit says of it.

    Parts (as a fault left them) --play--> run directory --audited--> gates that are not quiet

Everything but the sampling is real: problems, verifiers in child processes, groups, scoring, learner,
weights, ledger, second opinions and gates. A fault exchanges parts before the run begins.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rlvr.train
from guru_data import Domain, Problem, SyntheticConfig, load_problems
from rlvr.algorithms.base import Algorithm, open_algorithm
from rlvr.audit import Audit, describe
from rlvr.audit.gates import Level
from rlvr.audit.opinions.grading_again import grade_again
from rlvr.audit.opinions.second_verifier import SecondVerifier
from rlvr.audit.report.facts import gather
from rlvr.config import RunConfig
from rlvr.engines.local import LocalGenerators
from rlvr.errors import RlvrError
from rlvr.groups import GroupMaker, GroupStream, Verifiers
from rlvr.learner.learner import Learner
from rlvr.problems import open_stream
from rlvr.prompts import PromptEncoder
from rlvr.rollouts import SamplingParams
from rlvr.run import Run
from rlvr.score import score_step
from tests.audit.planted.model import SpeakingEngine
from tests.audit.planted.policy import LearningPolicy
from tests.loop.local_run import ThreadLearner, Transcript
from verifiers import LocalVerifierClient
from verifiers.registry import VERIFIERS

TEXT: tuple[Domain, ...] = ("math", "logic", "table")
WITH_CODE: tuple[Domain, ...] = ("math", "code")
SECOND_OPINIONS = {"math", "code"}
"""Verifiers whose rows are graded again when the run is over, each by itself without the fault."""


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    steps: int = 20
    problems_per_step: int = 8
    group_size: int = 8
    heldout: int = 32

    @property
    def rollouts(self) -> int:
        return self.steps * self.problems_per_step * self.group_size


@dataclass
class Parts:
    """What a run is put together from; a fault exchanges some of it."""

    config: RunConfig
    size: Size
    policy: LearningPolicy
    train: list[Problem]
    heldout: list[Problem]
    algorithm: Algorithm
    table: dict[str, str]
    """The deployed verifiers: name -> `module:Class`."""
    environment: dict[str, str] = field(default_factory=dict)
    """Of the verifiers' processes: how a fault tells its verifier how strong it is."""
    engine: Callable[..., SpeakingEngine] = SpeakingEngine
    between: Callable[[Verifiers, AsyncExitStack], Verifiers] = lambda client, stack: client
    """Puts something between the loop and the verifiers; what it opens the stack will close."""
    score: Callable[..., Any] = score_step
    audit: Callable[..., Audit] = Audit
    afterwards: Callable[[Path], None] = lambda run_dir: None
    """What somebody does to the books when the run is over."""


def parts_of_a_run(
    model: Path, out_dir: Path, *, seed: int, domains: tuple[Domain, ...], size: Size
) -> Parts:
    """A run without a fault. Math has half the problems where there are several domains."""
    weights = {domain: 2.0 if domain == "math" else 2.0 / (len(domains) - 1) for domain in domains}
    data = SyntheticConfig(
        seed=seed, domains=domains, train_per_domain=100, heldout_per_domain=size.heldout // len(domains)
    )
    config = RunConfig.model_validate(
        {
            "name": "run",
            "model": str(model),
            "out_dir": str(out_dir),
            "steps": size.steps,
            "seed": seed,
            "data": data.model_dump(),
            "mixture": weights,
            "rollout": {
                "problems_per_step": size.problems_per_step,
                "group_size": size.group_size,
                "max_new_tokens": 96,
            },
            "learner": {"learning_rate": 1e-3, "threads": 1},
            "eval": {"problems": size.heldout},
        }
    )
    train, heldout = (list(load_problems(data, split)) for split in ("train", "heldout"))
    names = {problem.verifier for problem in train}
    policy = LearningPolicy(data, seed=seed, steps=size.steps)
    algorithm = open_algorithm(config.algorithm)
    return Parts(config, size, policy, train, heldout, algorithm, {name: VERIFIERS[name] for name in names})


async def play(parts: Parts) -> Path:
    """Train, close the books, and have what math and code graded graded again.

    Raises:
        RlvrError: the run stopped itself.
    """
    config, directory = parts.config, Path(parts.config.out_dir) / parts.config.name
    learner = Learner(
        config.learner, config.algorithm, config.model, directory.parent / "weights", ((5, 6),), config.seed
    )
    generators = LocalGenerators(parts.engine(config.model, parts.policy))
    encode = PromptEncoder(config.model, config.engine.max_model_len - config.rollout.max_new_tokens)
    sampling = SamplingParams(config.rollout.temperature, config.rollout.max_new_tokens)
    stream = open_stream(config, parts.train)
    origin = describe(config, model_dir=Path(config.model), verifiers={}, command=["planted"])
    with _environment(parts.environment), _scoring(parts.score):
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(LocalVerifierClient(parts.table))
            verifiers = parts.between(client, stack)

            def maker(count: int) -> GroupMaker:
                return GroupMaker(
                    generators, verifiers, encode, sampling, count, config.rollout.timeout_s, 64
                )

            groups = GroupStream(
                stream,
                maker(config.rollout.group_size),
                problems_per_step=config.rollout.problems_per_step,
                ahead=config.rollout.ahead,
                steps=config.steps,
            )
            audit = parts.audit(directory, config.name, origin)
            run = Run(
                config=config,
                directory=directory,
                generators=generators,
                groups=groups,
                evaluator=maker(1),
                heldout=parts.heldout,
                algorithm=parts.algorithm,
                learner=ThreadLearner(learner),
                audit=audit,
                console=Transcript(),
                cursor=stream.state(),
            )
            try:
                await rlvr.train.train(run, first=0, steps=config.steps)
            finally:
                audit.close()
    for name in sorted(SECOND_OPINIONS & set(parts.table)):
        await grade_again(directory, SecondVerifier(name, name), workers=1, said=lambda text: None)
    parts.afterwards(directory)
    return directory


def audited(parts: Parts) -> dict[str, Level]:
    """Play a run: gates that warn or fail; `stopped: ...` where the run or the report refused to go on."""
    try:
        facts = gather(asyncio.run(play(parts)))
    except RlvrError as error:
        return {f"stopped: {type(error).__name__}": Level.FAIL}
    return {gate.name: gate.level for gate in facts.gates if gate.level in (Level.WARN, Level.FAIL)}


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


@contextmanager
def _scoring(score: Callable[..., Any]) -> Iterator[None]:
    """The loop has no door for a fault in its own scoring, so the function it calls is exchanged."""
    rlvr.train.score_step = score
    try:
        yield
    finally:
        rlvr.train.score_step = score_step
