"""Stacked bars over the steps of a run, and one lying bar for a table cell.

    {step: {layer: amount}} --stacked_bars--> one <svg>        {layer: amount} --share_bar--> one <svg>

A layer's name is also its CSS class, `fill-<name>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rlvr.audit.report.charts.lines import MAX_POINTS
from rlvr.audit.report.charts.svg import MARGIN_LEFT, Frame, round_up, tag

GAP_FROM_WIDTH = 5.0
"""Bars at least this wide get a pixel of air between them."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The layers of one step, or of the mean of a stretch of steps."""

    step: int
    amounts: Mapping[str, float]


def stacked_bars(
    stacks: Sequence[Stack], layers: Sequence[str], *, size: tuple[int, int], share: bool, title: str
) -> Markup:
    """Draw one bar per step, layers from the bottom up; there must be at least one stack.

    With `share` each bar is scaled to 100 %, else the axis is in the amounts' own unit.
    """
    columns = [_scaled(stack, layers, share=share) for stack in _thinned(stacks, layers)]
    top = 1.0 if share else round_up(max(sum(column.amounts.values()) for column in columns))
    half = (columns[-1].step - columns[-2].step) / 2 if len(columns) > 1 else 0.5
    frame = Frame(columns[0].step - half, columns[-1].step + half, 0, top, *size)
    width = frame.plot_width / len(columns)
    bases = [0.0] * len(columns)
    paths = [
        tag("path", class_=f"fill-{layer}", d=_outline(frame, columns, layer, width, bases))
        for layer in layers
    ]
    hovers = [
        _hover(frame, column, layers, index, width, share=share) for index, column in enumerate(columns)
    ]
    return frame.draw(f"{title} by step", frame.axes(percent=share), *paths, *hovers)


def _outline(frame: Frame, columns: Sequence[Stack], layer: str, width: float, bases: list[float]) -> str:
    """One layer's bars as one path; raises `bases`, the height reached so far, by them."""
    bar = width - 1.0 if width >= GAP_FROM_WIDTH else width
    outline: list[str] = []
    for index, column in enumerate(columns):
        if (amount := column.amounts[layer]) > 0:
            y = frame.y(bases[index] + amount)
            height = frame.y(bases[index]) - y
            outline.append(f"M{MARGIN_LEFT + index * width:.1f} {y:.1f}h{bar:.1f}v{height:.1f}h-{bar:.1f}z")
            bases[index] += amount
    return "".join(outline)


def share_bar(amounts: Mapping[str, float], layers: Sequence[str], *, width: int = 160) -> Markup:
    """A thin lying bar whose layers' lengths are their shares."""
    total = sum(amounts.values()) or 1.0
    x, parts = 0.0, []
    for layer in layers:
        length = amounts.get(layer, 0.0) / total * width
        parts.append(tag("rect", class_=f"fill-{layer}", x=x, y=0, width=length, height=8))
        x += length
    words = ", ".join(f"{layer} {amounts.get(layer, 0.0) / total:.1%}" for layer in layers)
    return tag(
        "svg", *parts, viewBox=f"0 0 {width} 8", class_="bar", role="img", aria_label=words,
        preserveAspectRatio="none",
    )  # fmt: skip


def _thinned(stacks: Sequence[Stack], layers: Sequence[str]) -> list[Stack]:
    stretch = -(-len(stacks) // MAX_POINTS)
    if stretch <= 1:
        return list(stacks)
    parts = [stacks[start : start + stretch] for start in range(0, len(stacks), stretch)]
    return [
        Stack(
            part[0].step,
            {layer: sum(s.amounts.get(layer, 0.0) for s in part) / len(part) for layer in layers},
        )
        for part in parts
    ]


def _scaled(stack: Stack, layers: Sequence[str], *, share: bool) -> Stack:
    amounts = {layer: stack.amounts.get(layer, 0.0) for layer in layers}
    total = sum(amounts.values())
    if not share or not total:
        return Stack(stack.step, amounts)
    return Stack(stack.step, {layer: amount / total for layer, amount in amounts.items()})


def _hover(
    frame: Frame, column: Stack, layers: Sequence[str], index: int, width: float, *, share: bool
) -> Markup:
    """An invisible column that tells the amounts under the pointer."""
    told = [
        f"{layer.replace('_', ' ')} {column.amounts[layer]:{'.1%' if share else '.3g'}}"
        for layer in reversed(layers)
        if column.amounts[layer]
    ]
    title = tag("title", "\n".join([f"step {column.step}", *told]))
    return tag(
        "rect", title, class_="hover", x=MARGIN_LEFT + index * width, y=0, width=width, height=frame.height
    )
