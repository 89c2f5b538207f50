"""Makes scored groups and whole run directories, through the same ledger a training uses.

The problems are synthetic ones of guru_data, the answers are drawn at random with a skill that
says how often they are right; every status, a lost rollout and a truncated one occur.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

from guru_data import Message, Problem, SyntheticConfig, load_problems
from rlvr.audit import Audit, Origin, describe, step_metrics
from rlvr.config import RunConfig
from rlvr.evaluate import Evaluation, ProblemResult
from rlvr.rollouts import Rollout, RolloutGroup, Sample, ScoredGroup, VersionSpan
from verifiers import Verdict, VerdictStatus

TIMINGS_S = {"time/generate": 1.1, "time/verify": 0.2, "time/learn": 0.9, "time/publish": 0.1}


def problem(index: int = 0, *, text: str = "2 + 2 = ?", domain: str = "math") -> Problem:
    """A small problem of a domain."""
    return Problem(
        id=f"{domain}/{index}",
        prompt=(Message(role="user", content=text),),
        domain=domain,
        data_source=f"tests__{domain}",
        verifier="math",
        ground_truth="4",
        source="tests",
        licence="CC0-1.0",
        split="train",
    )


def verdict(status: str = "graded", score: float | None = 1.0, **fields: object) -> Verdict:
    """A verdict as the math verifier would have stamped it."""
    values = {"reason": "equal" if score else "not_equal", "answer": "4", "verifier": "math", "version": "1"}
    return Verdict.model_validate(
        {"status": status, "score": score, "digest": "9f2c51d0a3b4", "elapsed_ms": 0.4, **values, **fields}
    )


UNDECIDED = verdict("undecided", None, reason="grader_timeout", answer=None)
NO_ANSWER = verdict("no_answer", 0.0, reason="no_boxed", answer=None)


def rollout(text: str = r"It is \boxed{4}", *, version: int = 0, tokens: int = 12) -> Rollout:
    return Rollout(
        problem_id="math/0",
        prompt_ids=np.arange(9, dtype=np.int32),
        completion_ids=np.arange(tokens, dtype=np.int32),
        logprobs_T=np.full(tokens, -0.5, dtype=np.float32),
        text=text,
        finish_reason="stop",
        spans=(VersionSpan(version, 0, tokens),),
    )


def scored_group(
    step: int, index: int, samples: Sequence[Sample], asked: Problem | None = None
) -> ScoredGroup:
    """Reward and advantages of a group as GRPO gives them: undecided and lost samples get none."""
    rewards = np.array([_reward(sample) for sample in samples], dtype=np.float32)
    spread = np.nanstd(rewards) if np.isfinite(rewards).any() else math.nan
    advantages = (rewards - np.nanmean(rewards)) / (spread or 1.0) if np.isfinite(spread) else rewards
    return ScoredGroup(
        group=RolloutGroup(step, f"{step}/{index}", asked or problem(index), tuple(samples)),
        rewards_G=rewards,
        advantages_G=np.asarray(advantages, dtype=np.float32),
        dropped_G=tuple(_dropped(sample) for sample in samples),
    )


def _reward(sample: Sample) -> float:
    graded = sample.verdict is not None and sample.verdict.score is not None
    return sample.verdict.score if graded and sample.verdict else math.nan  # type: ignore[return-value]


def _dropped(sample: Sample) -> str | None:
    if sample.lost is not None:
        return sample.lost
    undecided = sample.verdict is None or sample.verdict.status is VerdictStatus.UNDECIDED
    return "undecided" if undecided else None


def small_step(step: int = 0, *, groups: int = 2, size: int = 4) -> list[ScoredGroup]:
    """A step with a right, a wrong, an undecided and a lost rollout in each group."""
    fates = [
        {"rollout": rollout(), "verdict": verdict()},
        {"rollout": rollout(r"\boxed{5}"), "verdict": verdict(score=0.0, answer="5")},
        {"rollout": rollout("hm"), "verdict": UNDECIDED},
        {"rollout": None, "verdict": None, "lost": "generator_lost", "attempts": 3},
    ]
    return [
        scored_group(
            step,
            g,
            [Sample(f"{step}/{g}/{i}", **fates[i % len(fates)]) for i in range(size)],  # type: ignore[arg-type]
        )
        for g in range(groups)
    ]


@cache
def origin() -> Origin:
    """What a small run is made from; there is no model folder, so nothing is hashed."""
    config = RunConfig.model_validate(
        {"name": "sample", "model": "models/tiny", "steps": 60, "data": {"kind": "synthetic"}}
    )
    return describe(
        config,
        model_dir=Path("models/absent"),
        verifiers={"math": "9f2c51d0a3b4", "code": "1b0c77d1e2f3"},
        command=("rlvr", "train", "quickstart.toml"),
    )


WRONG = {"math": "41", "logic": "B, A, C", "table": "17", "code": "return a * b"}


def answer_to(asked: Problem) -> str:
    """A right answer, as short as the domain allows."""
    if asked.domain == "code":
        return str(asked.extra["reference"]).splitlines()[2].strip()
    truth = asked.ground_truth
    return ", ".join(map(str, truth)) if isinstance(truth, list) else str(truth)


@cache
def _problems() -> Sequence[Problem]:
    return load_problems(SyntheticConfig(train_per_domain=100, heldout_per_domain=8), "train")


class RunMaker:
    """A training that is only its books: problems are asked, a simulated policy learns to answer them."""

    def __init__(self, seed: int = 0, *, groups: int = 16, size: int = 8) -> None:
        self._rng = Random(seed)
        self._groups, self._size = groups, size
        self._problems = _problems()

    def step(self, step: int, skill: float) -> list[ScoredGroup]:
        """One step's groups; `skill` in [0, 1] is how often an answer in the asked form is right."""
        asked = self._rng.sample(self._problems, self._groups)
        return [self._group(step, index, each, skill) for index, each in enumerate(asked)]

    def train(self, audit: Audit, steps: range, *, total: int) -> None:
        """Record and log steps as the loop does, with an evaluation before the first and after the last."""
        for step in steps:
            skill = 0.15 + 0.7 * step / total
            if step == 0:
                self._evaluate(audit, 0, 0.15)
            scored = self.step(step, skill)
            audit.record(step, scored)
            audit.log(step, step_metrics(scored, step) | self._learner_metrics())
        if steps.stop == total:
            self._evaluate(audit, total, 0.85)

    def _group(self, step: int, index: int, asked: Problem, skill: float) -> ScoredGroup:
        hardness = self._rng.uniform(0.4, 1.3)
        samples = [
            self._sample(f"{step}/{index}/{i}", step, asked, skill * hardness) for i in range(self._size)
        ]
        return scored_group(step, index, samples, asked)

    def _sample(self, rollout_id: str, step: int, asked: Problem, skill: float) -> Sample:
        draw = self._rng.random()
        if draw < 0.004:
            return Sample(rollout_id, None, None, lost="generator_lost", attempts=3)
        truth = answer_to(asked)
        tokens = self._rng.randint(8, 48)
        if draw < 0.01:
            slow = UNDECIDED.model_copy(update={"verifier": asked.verifier})
            return Sample(rollout_id, rollout("…", version=step, tokens=tokens), slow)
        if draw < 0.01 + 0.25 * (1 - skill):
            text = f"I add the tens, then the ones, and then I {'go on and ' * 6}"
            none = NO_ANSWER.model_copy(update={"verifier": asked.verifier})
            return Sample(rollout_id, rollout(text, version=step, tokens=64), none)
        right = self._rng.random() < skill or truth == WRONG[asked.domain]
        answer = truth if right else WRONG[asked.domain]
        text = f"First the parts, then the whole.\nSo the answer is \\boxed{{{answer}}}"
        graded = verdict(score=float(right), answer=answer, verifier=asked.verifier)
        return Sample(rollout_id, rollout(text, version=step, tokens=tokens), graded)

    def _learner_metrics(self) -> dict[str, float]:
        timings = {name: base * self._rng.uniform(0.85, 1.25) for name, base in TIMINGS_S.items()}
        return timings | {
            "time/step": sum(timings.values()) + 0.08,
            "policy/logprob_diff": abs(self._rng.gauss(0.006, 0.001)),
            "policy/clip_share": abs(self._rng.gauss(0.01, 0.004)),
            "policy/entropy": self._rng.uniform(0.4, 0.5),
            "policy/kl_rollout": abs(self._rng.gauss(0.0006, 0.0002)),
            "policy/grad_norm": abs(self._rng.gauss(0.8, 0.2)),
            "rollout/tokens_per_second": self._rng.gauss(2900, 200),
        }

    def _evaluate(self, audit: Audit, step: int, skill: float) -> None:
        """Keep, seal and log an evaluation, as a run does; of each domain all problems are as hard."""
        rates = {domain: round(100 * skill * self._rng.uniform(0.7, 1.0)) for domain in sorted(WRONG)}
        form = round(80 + 20 * skill)
        results = [
            ProblemResult(f"heldout/{domain}/{index}", domain, 100, rate, form)
            for domain, rate in rates.items()
            for index in range(8)
        ]
        evaluation = Evaluation(tuple(results), unscored=0)
        audit.seal(evaluation.write(audit.run_dir, step))
        audit.log(step, evaluation.metrics("heldout"))


def write_run(run_dir: Path, *, steps: int = 12, groups: int = 8, size: int = 4, seed: int = 0) -> str:
    """A whole finished run; returns the head."""
    audit = Audit(run_dir, "sample", origin())
    RunMaker(seed, groups=groups, size=size).train(audit, range(steps), total=steps)
    audit.finish()
    return audit.head
