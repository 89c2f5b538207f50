"""Faults between verifier and learner: verdicts on other rollouts, rewards that do not follow from them.

`Messenger`s stand between the loop and the verifiers, scorers in place of `rlvr.score.score_step`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from rlvr.algorithms.base import Algorithm
from rlvr.audit import Audit
from rlvr.config import RewardConfig
from rlvr.groups import Verifiers
from rlvr.rollouts import FloatArray, RolloutGroup, ScoredGroup
from rlvr.score import score_step
from verifiers import LocalVerifierClient, Verdict, VerifierError, VerifierUnavailableError, VerifyRequest

Answers = list[Verdict | VerifierError]

LENGTH_BONUS = 0.002
"""Reward per token."""


class Messenger:
    """Hands requests on and answers back, a share of them wrongly."""

    def __init__(self, share: float, client: Verifiers) -> None:
        self._share, self._client = share, client
        self._rng = Random("planted")

    def hit(self) -> bool:
        return self._rng.random() < self._share

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> Answers:
        return self.hand_back(await self._client.verify_batch(requests))

    def hand_back(self, answers: Answers) -> Answers:
        raise NotImplementedError


class LosesSome(Messenger):
    def hand_back(self, answers: Answers) -> Answers:
        return [VerifierUnavailableError("planted") if self.hit() else answer for answer in answers]


class ShiftsByOne(Messenger):
    """The answers of a whole group, each one place on."""

    def hand_back(self, answers: Answers) -> Answers:
        return [*answers[-1:], *answers[:-1]] if self.hit() else answers


class CrossesGroups(Messenger):
    """A group gets the answers that belong to the one before it."""

    _before: Answers | None = None

    def hand_back(self, answers: Answers) -> Answers:
        before, self._before = self._before, answers
        return before if before and len(before) == len(answers) and self.hit() else answers


class AnotherService:
    """Requests for one verifier go to a service of its own, from a certain one on."""

    def __init__(self, verifier: str, other: LocalVerifierClient, after: int, client: Verifiers) -> None:
        self._verifier, self._other, self._after, self._client = verifier, other, after, client
        self._asked = 0

    async def verify_batch(self, requests: Sequence[VerifyRequest]) -> Answers:
        if requests[0].verifier != self._verifier:
            return await self._client.verify_batch(requests)
        self._asked += len(requests)
        return await (self._other if self._asked > self._after else self._client).verify_batch(requests)


class Scorer:
    """`score_step`, with a share of the groups scored wrongly, of those in which it makes a difference."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._could_be_hit = 0

    def __call__(
        self,
        groups: Sequence[RolloutGroup],
        config: RewardConfig,
        algorithm: Algorithm,
        permute: np.random.Generator | None = None,
    ) -> list[ScoredGroup]:
        return [self.score(group, config, algorithm) for group in groups]

    def score(self, group: RolloutGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        [true] = score_step([group], config, algorithm)
        wrong = self.wrong(true, config, algorithm)
        if _same(true, wrong):
            return true
        self._could_be_hit += 1  # evenly spread: by chance the weakest fault would often hit nothing
        spoiled = int(self._could_be_hit * self._share) > int((self._could_be_hit - 1) * self._share)
        return wrong if spoiled else true

    def wrong(self, true: ScoredGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        raise NotImplementedError


def _same(one: ScoredGroup, other: ScoredGroup) -> bool:
    return np.array_equal(one.rewards_G, other.rewards_G, equal_nan=True) and np.array_equal(
        one.advantages_G, other.advantages_G, equal_nan=True
    )


def _rewarded(true: ScoredGroup, rewards_G: FloatArray, algorithm: Algorithm) -> ScoredGroup:
    """The group with other rewards, all else as it follows from them."""
    advantages_G = algorithm.advantages(rewards_G)
    why = None if advantages_G.any() else "zero_variance"
    return replace(
        true, rewards_G=rewards_G, advantages_G=advantages_G, dropped_G=tuple(why for _ in rewards_G)
    )


class ShiftsRewards(Scorer):
    def wrong(self, true: ScoredGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        return _rewarded(true, np.roll(true.rewards_G, 1), algorithm)


class PaysForLength(Scorer):
    def wrong(self, true: ScoredGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        tokens = [len(sample.rollout.completion_ids) for sample in true.group.samples if sample.rollout]
        return _rewarded(true, true.rewards_G + LENGTH_BONUS * np.array(tokens, np.float32), algorithm)


class PaysForNoAnswer(Scorer):
    def wrong(self, true: ScoredGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        return score_step([true.group], config.model_copy(update={"no_answer": 0.5}), algorithm)[0]


class PaysForUndecided(Scorer):
    """Where the verifier could not tell it says wrong."""

    def wrong(self, true: ScoredGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        return _rewarded(true, np.nan_to_num(true.rewards_G), algorithm)


class TurnsAdvantages(Scorer):
    def wrong(self, true: ScoredGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        return replace(true, advantages_G=-true.advantages_G)


class ForgetsTheWrongOnes(Scorer):
    """Half of the rollouts without a reward vanish before anything is written down."""

    def wrong(self, true: ScoredGroup, config: RewardConfig, algorithm: Algorithm) -> ScoredGroup:
        bad = [i for i, reward in enumerate(true.rewards_G) if not reward > 0]
        gone = set(bad[: (len(bad) + 1) // 2])
        kept = tuple(sample for i, sample in enumerate(true.group.samples) if i not in gone)
        return score_step([replace(true.group, samples=kept)], config, algorithm)[0] if kept else true


class FlatteringLog(Audit):
    """Writes a share of the steps' mean reward a little higher than it was."""

    share: float

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        every = min(20, round(1 / self.share))
        if "reward/mean" in metrics and step % every == every - 1:
            metrics = {**metrics, "reward/mean": metrics["reward/mean"] + 0.05}
        super().log(step, metrics)
