"""Line charts over the steps of a run.

    [Line(name, points, style), ...] --line_chart--> one <svg>

Long runs are thinned here, so that a chart's size does not grow with the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from markupsafe import Markup

from rlvr.audit.report.charts.svg import MARGIN_LEFT, MARGIN_RIGHT, Frame, path, round_up, tag

MAX_POINTS = 240
"""A longer line is drawn through the means of equal stretches."""

Style = Literal["main", "raw", "ghost"]
"""`main` carries the message, `raw` the single steps behind it, `ghost` what it is compared with."""


@dataclass(frozen=True, slots=True)
class Line:
    """(step, value) points in order of steps, with the name that is read out."""

    name: str
    points: Sequence[tuple[float, float]]
    style: Style = "main"


def line_chart(
    lines: Sequence[Line],
    *,
    size: tuple[int, int],
    y_range: tuple[float, float] | None = None,
    limit: float | None = None,
    markers: bool = False,
    labelled: bool = False,
) -> Markup:
    """Draw lines on one frame; there must be at least one point.

    Args:
        size: width and height in pixels of the drawing, which scales to its place.
        y_range: None for zero (or the least value, if below) to the largest.
        limit: a value not to be crossed, drawn dashed.
        markers: a dot on each point of the main lines, for few points.
        labelled: write the last value of the main lines beside their end.
    """
    drawn = [Line(line.name, thinned(line.points), line.style) for line in lines if line.points]
    xs = [x for line in drawn for x, _ in line.points]
    ys = [y for line in drawn for _, y in line.points] + ([limit] if limit is not None else [])
    low, high = y_range or (min(0.0, *ys), round_up(max(ys)))
    frame = Frame(min(xs), max(xs), low, high, *size)
    content = [frame.axes(), *(_limit(frame, limit) if limit is not None else ())]
    for style in ("ghost", "raw", "main"):
        content += [
            _draw(frame, line, markers=markers, labelled=labelled) for line in drawn if line.style == style
        ]
    content += [_hover(frame, line) for line in drawn if line.style == "main"]
    names = ", ".join(line.name for line in drawn if line.style == "main")
    return frame.draw(f"{names} by step", *content)


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `MAX_POINTS` points: each the mean of an equal stretch of the given ones."""
    stretch = -(-len(points) // MAX_POINTS)
    if stretch <= 1:
        return list(points)
    parts = [points[start : start + stretch] for start in range(0, len(points), stretch)]
    return [(fmean(x for x, _ in part), fmean(y for _, y in part)) for part in parts]


def smoothed(points: Sequence[tuple[int, float]], window: int) -> list[tuple[float, float]]:
    """Each value becomes the mean of itself and of up to `window - 1` values before it."""
    return [
        (x, fmean(y for _, y in points[max(0, index - window + 1) : index + 1]))
        for index, (x, _) in enumerate(points)
    ]


def _draw(frame: Frame, line: Line, *, markers: bool, labelled: bool) -> Markup:
    pixels = [(frame.x(x), frame.y(y)) for x, y in line.points]
    parts = [tag("path", class_=f"line {line.style}", d=path(pixels))]
    if line.style == "main":
        dots = pixels if markers else pixels[-1:]
        parts += [tag("circle", class_="dot", cx=x, cy=y, r=3) for x, y in dots]
        if labelled:
            (x, y), value = pixels[-1], line.points[-1][1]
            parts.append(tag("text", f"{value:.2f}", class_="value end", x=x, y=y - 9))
    return Markup("").join(parts)


def _hover(frame: Frame, line: Line) -> Markup:
    """Invisible columns that name the step and value under the pointer."""
    width = frame.plot_width / max(len(line.points), 1)
    return Markup("").join(
        tag(
            "rect",
            tag("title", f"step {x:.0f}: {y:.4g}"),
            class_="hover",
            x=max(frame.x(x) - width / 2, MARGIN_LEFT),
            y=0,
            width=width,
            height=frame.height,
        )
        for x, y in line.points
    )


def _limit(frame: Frame, limit: float) -> list[Markup]:
    y = frame.y(limit)
    return [
        tag("line", class_="limit", x1=MARGIN_LEFT, x2=frame.width - MARGIN_RIGHT, y1=y, y2=y),
        tag("text", f"limit {limit:g}", class_="tick end", x=frame.width - MARGIN_RIGHT, y=y - 4),
    ]
