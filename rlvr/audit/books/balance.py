"""The books of a step: requested = used + dropped by reason, for every rollout that was asked for.

    list[ScoredGroup] --check_groups--> nothing, or LedgerError before a row is written
    ledger rows       --count_rows--> Balance

A rollout is used if it is trained on. It may be used only with a rollout, a verdict that
decided, a finite reward and a finite advantage; otherwise it must say why it was dropped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rlvr.errors import LedgerError
from rlvr.rollouts import ScoredGroup
from verifiers import VerdictStatus


@dataclass(frozen=True, slots=True)
class Balance:
    """How many rollouts were requested, and what became of them."""

    requested: int = 0
    used: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        return self.requested == self.used + self.dropped.total()

    def __add__(self, other: Balance) -> Balance:
        return Balance(self.requested + other.requested, self.used + other.used, self.dropped + other.dropped)


def count_rows(fates: Iterable[tuple[bool | None, str | None]]) -> Balance:
    """Count (used, dropped_reason) pairs; a row that is both or neither leaves the balance uneven."""
    requested = used = 0
    dropped: Counter[str] = Counter()
    for is_used, reason in fates:
        requested += 1
        used += bool(is_used)
        if reason is not None:
            dropped[reason] += 1
    return Balance(requested, used, dropped)


def check_groups(step: int, scored: Sequence[ScoredGroup]) -> None:
    """Check the books of one step before any row is written.

    Raises:
        LedgerError: names the first rollout whose fate is not accounted for.
    """
    seen: set[str] = set()
    for group in scored:
        _check_lengths(step, group)
        for index, sample in enumerate(group.group.samples):
            if sample.rollout_id in seen:
                raise LedgerError(f"step {step}: rollout {sample.rollout_id!r} was recorded twice")
            seen.add(sample.rollout_id)
            if fault := _fault(group, index):
                raise LedgerError(
                    f"step {step}: rollout {sample.rollout_id!r} of group {group.group.group_id!r} {fault}; "
                    "the books would not balance, so nothing of this step was used"
                )


def _check_lengths(step: int, group: ScoredGroup) -> None:
    requested = len(group.group.samples)
    lengths = {len(group.rewards_G), len(group.advantages_G), len(group.dropped_G)}
    if lengths != {requested}:
        raise LedgerError(
            f"step {step}: group {group.group.group_id!r} requested {requested} rollouts but has "
            f"{len(group.rewards_G)} rewards, {len(group.advantages_G)} advantages and "
            f"{len(group.dropped_G)} drop reasons"
        )


def _fault(group: ScoredGroup, index: int) -> str | None:
    """What is wrong with the fate of one sample; None if nothing is."""
    sample, reason = group.group.samples[index], group.dropped_G[index]
    if reason is not None:
        return None if reason else "is dropped without a reason"
    if sample.rollout is None:
        return f"is used although it was lost ({sample.lost})"
    if sample.verdict is None or sample.verdict.status is VerdictStatus.UNDECIDED:
        return "is used without a verdict that decided"
    if not math.isfinite(group.rewards_G[index]):
        return f"is used with the reward {group.rewards_G[index]}"
    if not math.isfinite(group.advantages_G[index]):
        return f"is used with the advantage {group.advantages_G[index]}"
    return None
