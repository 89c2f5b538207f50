"""Which charts a report shows, and how each is drawn.

    RunSummary --draw--> Pictures: reward, domains, outcomes, timings, health, evaluations

Large charts come twice, for wide and for narrow screens; the style sheet shows one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from markupsafe import Markup

from rlvr.audit.asking.query import OUTCOMES
from rlvr.audit.report.charts import Line, Stack, line_chart, smoothed, stacked_bars
from rlvr.audit.report.summary import EDGE_STEPS, Curve, RunSummary

WIDE, NARROW, SMALL = (850, 260), (350, 220), (200, 112)

TIMINGS = ("generate", "verify", "learn", "publish")
"""Parts of a step in their order, the layers of the timing chart; the rest of the step is `other`."""

LOGPROB_LIMIT = 0.02
"""Nats per token that engine and learner may differ by, on average over a step."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A small chart with what stands above it."""

    title: str
    note: str
    """The unit, or what is counted."""
    first: float
    last: float
    chart: Markup


@dataclass(frozen=True, slots=True)
class Pictures:
    """Every chart of a report; None where the run has no such values."""

    reward: Markup | None
    domains: tuple[Figure, ...]
    outcomes: Markup | None
    timings: Markup | None
    timing_means: dict[str, float]
    """Mean seconds per step of each part that took any, `other` included."""
    health: tuple[Figure, ...]
    evaluations: tuple[Figure, ...]


def draw(summary: RunSummary) -> Pictures:
    """Draw everything the run has values for."""
    timings = _timings(summary)
    return Pictures(
        reward=_reward(summary.reward) if summary.reward.points else None,
        domains=tuple(_domain(curve, summary.domains) for curve in summary.domains),
        outcomes=_outcomes(summary) if summary.outcomes else None,
        timings=_stacked(timings, (*TIMINGS, "other"), share=False, title="seconds") if timings else None,
        timing_means=_means(timings),
        health=_health(summary),
        evaluations=_evaluations(summary),
    )


def _both(picture: Callable[[tuple[int, int]], Markup]) -> Markup:
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(
        picture(WIDE), picture(NARROW)
    )


def _reward(reward: Curve) -> Markup:
    lines = [
        Line("reward of the step", reward.points, "raw"),
        Line(f"mean reward, {EDGE_STEPS} steps", smoothed(reward.points, EDGE_STEPS)),
    ]
    y_range = _unit_range(reward)
    return _both(lambda size: line_chart(lines, size=size, y_range=y_range, labelled=True))


def _domain(curve: Curve, all_domains: tuple[Curve, ...]) -> Figure:
    """One domain's line before the others' ghosts."""
    others = [Line(o.name, smoothed(o.points, EDGE_STEPS), "ghost") for o in all_domains if o is not curve]
    lines = [*others, Line(curve.name, smoothed(curve.points, EDGE_STEPS))]
    chart = line_chart(lines, size=SMALL, y_range=_unit_range(*all_domains))
    return Figure(curve.name, "", fmean(curve.first), fmean(curve.last), chart)


def _unit_range(*curves: Curve) -> tuple[float, float] | None:
    """[0, 1] where all rewards lie within it, so that charts of different runs compare."""
    values = [value for curve in curves for _, value in curve.points]
    return (0.0, 1.0) if values and min(values) >= 0.0 and max(values) <= 1.0 else None


def _outcomes(summary: RunSummary) -> Markup:
    stacks = [Stack(step, counts) for step, counts in summary.outcomes.items()]
    return _stacked(stacks, OUTCOMES, share=True, title="outcomes of rollouts")


def _stacked(stacks: list[Stack], layers: tuple[str, ...], *, share: bool, title: str) -> Markup:
    return _both(lambda size: stacked_bars(stacks, layers, size=size, share=share, title=title))


def _timings(summary: RunSummary) -> list[Stack]:
    """Seconds by part of each step; parts that overlap may add up to more than the step took."""
    if "time/step" not in summary.curves:
        return []
    parts = {name: _by_step(summary, f"time/{name}") for name in TIMINGS}
    stacks = []
    for step, total in summary.curves["time/step"].points:
        amounts = {name: values.get(step, 0.0) for name, values in parts.items()}
        stacks.append(Stack(step, amounts | {"other": max(0.0, total - sum(amounts.values()))}))
    return stacks


def _by_step(summary: RunSummary, name: str) -> dict[int, float]:
    return dict(summary.curves[name].points) if name in summary.curves else {}


def _means(stacks: list[Stack]) -> dict[str, float]:
    sums = {name: sum(stack.amounts[name] for stack in stacks) for name in (*TIMINGS, "other")}
    return {name: seconds / len(stacks) for name, seconds in sums.items() if seconds}


HEALTH = (
    ("policy/logprob_diff", "Engine vs learner", "nats", LOGPROB_LIMIT),
    ("groups/zero_variance_share", "Groups of equal rewards", "", None),
    ("rollout/truncated_share", "Truncated", "of rollouts", None),
    ("completion length", "Completion length", "tokens", None),
    ("policy/entropy", "Entropy", "nats", None),
    ("policy/kl_rollout", "KL to rollout policy", "nats", None),
    ("policy/clip_share", "Clipped", "of tokens", None),
    ("policy/grad_norm", "Gradient norm", "", None),
    ("staleness/max", "Staleness, largest", "versions", None),
    ("rollout/tokens_per_second", "Generation", "tokens/s", None),
)
"""(metric, title, unit, limit) of the small charts, those that the run has."""


def _health(summary: RunSummary) -> tuple[Figure, ...]:
    curves = summary.curves | {"completion length": _completion_length(summary)}
    return tuple(
        Figure(title, unit, fmean(curve.first), fmean(curve.last), _single(curve, limit))
        for name, title, unit, limit in HEALTH
        if (curve := curves.get(name)) is not None and curve.points
    )


def _single(curve: Curve, limit: float | None) -> Markup:
    return line_chart([Line(curve.name, curve.points)], size=SMALL, limit=limit)


def _completion_length(summary: RunSummary) -> Curve:
    """Completion tokens per finished rollout."""
    finished = {step: counts.total() - counts["lost"] for step, counts in summary.outcomes.items()}
    points = _by_step(summary, "tokens/completion").items()
    return Curve(
        "completion length", tuple((step, n / finished[step]) for step, n in points if finished.get(step))
    )


def _evaluations(summary: RunSummary) -> tuple[Figure, ...]:
    """pass@1 over the steps of splits that were evaluated more than twice."""
    figures = []
    for split, found in summary.evaluations.items():
        if len(found) > 2:
            points = tuple((one.step, one.pass_at_1) for one in found)
            chart = line_chart([Line(f"pass@1 on {split}", points)], size=SMALL, y_range=(0, 1), markers=True)
            figures.append(Figure(f"pass@1 on {split}", "held out", points[0][1], points[-1][1], chart))
    return tuple(figures)
