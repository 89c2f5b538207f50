"""SVG elements whose every text and attribute is escaped, and a frame that maps values to pixels.

    Frame(x range, y range, size)  .x(value) .y(value) -> pixels   .axes() -> grid, ticks and labels

What is drawn inside a frame is the business of `lines` and `stacks`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from rlvr.audit.inert import visible

MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 38.0, 10.0, 8.0, 20.0
PIXELS_PER_X_TICK = 90


def tag(name: str, *children: Markup | str, **attributes: str | float) -> Markup:
    """An element; `class_` stands for `class` and `_` for `-` in attribute names."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"' for key, value in attributes.items()
    )
    content = "".join(child if isinstance(child, Markup) else escape(visible(child)) for child in children)
    return Markup(f"<{name}{written}>{content}</{name}>")


def path(points: Iterable[tuple[float, float]]) -> str:
    """The `d` of a polyline."""
    return "".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(points))


def ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round values (steps of 1, 2 or 5 times a power of ten) within [low, high]."""
    if not high > low:
        return [low]
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def round_up(value: float) -> float:
    """The next round value, to end an axis on; 1 for nothing above zero."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        power * factor for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if power * factor >= value * 0.999
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot area: `x_low`..`x_high` and `y_low`..`y_high` on `width` x `height` pixels."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    width: int
    height: int

    def x(self, value: float) -> float:
        span = (self.x_high - self.x_low) or 1.0
        return MARGIN_LEFT + (value - self.x_low) / span * self.plot_width

    def y(self, value: float) -> float:
        span = (self.y_high - self.y_low) or 1.0
        inside = min(max(value, self.y_low), self.y_high)
        return MARGIN_TOP + (self.y_high - inside) / span * self.plot_height

    @property
    def plot_width(self) -> float:
        return self.width - MARGIN_LEFT - MARGIN_RIGHT

    @property
    def plot_height(self) -> float:
        return self.height - MARGIN_TOP - MARGIN_BOTTOM

    def axes(self, *, percent: bool = False) -> Markup:
        """Hairlines at round y values with their labels, and round steps below."""
        parts: list[Markup] = []
        for value in ticks(self.y_low, self.y_high, 5 if self.height > 150 else 2):
            y = self.y(value)
            parts.append(tag("line", class_="grid", x1=MARGIN_LEFT, x2=self.width - MARGIN_RIGHT, y1=y, y2=y))
            text = f"{value:.0%}" if percent else _plain(value)
            parts.append(tag("text", text, class_="tick end", x=MARGIN_LEFT - 6, y=y + 3.5))
        steps = ticks(self.x_low, self.x_high, max(int(self.plot_width / PIXELS_PER_X_TICK), 2))
        for index, value in enumerate(value for value in steps if value == int(value)):
            text = f"{value:.0f}" if index else f"step {value:.0f}"
            parts.append(tag("text", text, class_="tick mid", x=self.x(value), y=self.height - 5))
        return Markup("").join(parts)

    def draw(self, label: str, *content: Markup) -> Markup:
        """The whole chart; `label` is what a screen reader says."""
        return tag("svg", *content, viewBox=f"0 0 {self.width} {self.height}", role="img", aria_label=label)


def _text(value: str | float) -> str:
    return visible(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"
