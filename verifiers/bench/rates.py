"""Shares with their uncertainty, and percentiles: the arithmetic of a datasheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

Z_95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


class Share(BaseModel):
    """`count` of `of`, with the 95 % Wilson interval of the rate behind it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    of: int
    rate: float
    low: float
    high: float

    @classmethod
    def counted(cls, count: int, of: int) -> Share:
        """Of nothing at all, every rate is possible: 0 in [0, 1].

        Source: Wilson 1927, Probable inference, the law of succession, and statistical inference.
        """
        if of == 0:
            return cls(count=0, of=0, rate=0.0, low=0.0, high=1.0)
        rate = count / of
        shrink = 1 + Z_95**2 / of
        center = (rate + Z_95**2 / (2 * of)) / shrink
        half = Z_95 / shrink * math.sqrt(rate * (1 - rate) / of + Z_95**2 / (4 * of**2))
        low = 0.0 if count == 0 else center - half
        high = 1.0 if count == of else center + half
        return cls(count=count, of=of, rate=rate, low=low, high=high)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; `values` is not empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
