"""How a gate's values are written: shares as per cent, everything else with its unit."""

from __future__ import annotations


def number(value: float, unit: str) -> str:
    """The value without its unit, in per cent for a `share`."""
    if unit == "share":
        value *= 100
        return f"{value:.2f}" if 0 < abs(value) < 10 else f"{value:.0f}"
    return f"{value:.0f}" if value == round(value) else f"{value:.3g}"


def measure(value: float, unit: str) -> str:
    """The value with its unit; `share` is in [0, 1], `reward` has none."""
    return f"{number(value, unit)} {'%' if unit == 'share' else unit}".removesuffix(" reward")
