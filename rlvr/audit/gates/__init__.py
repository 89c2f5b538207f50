"""Gates: what a run must hold up to before its reward is believed.

    Evidence --judge--> one Gate per rule, in the order of `RULES`

Rules look at the books alone. Adding one is a function and its line in the table.
"""

from __future__ import annotations

from rlvr.audit.gates import hacking, problems, training, trends, verdicts
from rlvr.audit.gates.base import Estimate, Evidence, Gate, Level, Rule

__all__ = ["RULES", "Estimate", "Evidence", "Gate", "Level", "judge", "worst"]

RULES: tuple[Rule, ...] = (
    training.books,
    training.missing,
    training.reward_policy,
    training.advantages,
    trends.exploit_gap,
    trends.collapse,
    verdicts.undecided,
    verdicts.lost,
    verdicts.flaky,
    verdicts.answers_elsewhere,
    verdicts.silent_zeros,
    verdicts.exploits,
    verdicts.second_opinion,
    hacking.opinion_gap,
    hacking.timeouts,
    problems.references,
    verdicts.graders,
    verdicts.latency,
    problems.leak,
    problems.repeats,
    trends.answer_concentration,
    trends.length_drift,
    hacking.entropy_collapse,
    trends.truncation,
    training.zero_variance,
    training.staleness,
    training.logprobs,
    training.logprob_tail,
)


def judge(evidence: Evidence) -> tuple[Gate, ...]:
    """Every gate of a run."""
    return tuple(rule(evidence) for rule in RULES)


def worst(gates: tuple[Gate, ...]) -> Level:
    """FAIL if any gate fails, else WARN if any warns, else PASS."""
    found = {gate.level for gate in gates}
    return next((level for level in (Level.FAIL, Level.WARN) if level in found), Level.PASS)
