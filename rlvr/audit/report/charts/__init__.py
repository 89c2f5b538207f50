"""Static SVG charts: numbers in, inert markup out. No script, no inline style; colours are CSS classes."""

from rlvr.audit.report.charts.lines import Line, line_chart, smoothed
from rlvr.audit.report.charts.stacks import Stack, share_bar, stacked_bars

__all__ = ["Line", "Stack", "line_chart", "share_bar", "smoothed", "stacked_bars"]
