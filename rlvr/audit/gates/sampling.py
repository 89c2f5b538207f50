"""Shares estimated from unequal draws of related rollouts, with intervals that are wide enough.

    clusters of draws --weighted_share--> Estimate
    three shares --share_of_class--> Estimate of which of two classes the hits are in

A draw that stands for many rollouts counts as many. Draws of one problem are related, and count for less
than as many draws of different ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from rlvr.audit.gates.base import Estimate
from verifiers.bench.rates import Z_95


class Cluster(NamedTuple):
    """Draws that are related: those of one problem."""

    n: int
    hits: float
    """How much those that count stand for, all together."""
    misses: float
    """The same of the others."""
    squares: float
    """Sum of the squares of what each stands for."""

    @property
    def weight(self) -> float:
        return self.hits + self.misses


def weighted_share(clusters: Sequence[Cluster]) -> Estimate:
    """The share of the hits, with a Wilson interval for as many independent draws as these are worth.

    The variance is that of the ratio, linearized, over clusters. It gives the number of draws that are as
    good, never taken for more than Kish's (sum w)^2 / sum w^2 over the draws. Where all draws agree, or are
    of one cluster, it tells nothing, and the number is Kish's over the clusters.

    Source: Kish 1965, Survey sampling; Korn and Graubard 1998, Confidence intervals for proportions with
    small expected number of positive counts estimated from survey data, with Wilson's interval in place of
    Clopper and Pearson's.
    """
    if not clusters:
        return Estimate.share(0, 0)
    hits, misses = math.fsum(one.hits for one in clusters), math.fsum(one.misses for one in clusters)
    total = hits + misses
    rate, draws = hits / total, total**2 / math.fsum(one.squares for one in clusters)
    spread = rate * (1 - rate)
    if misses > 0 and hits > 0 and len(clusters) > 1:
        squares = math.fsum(((one.hits - rate * one.weight) / total) ** 2 for one in clusters)
        variance = squares * len(clusters) / (len(clusters) - 1)
        size = spread / max(variance, spread / draws)
    else:
        size = total**2 / math.fsum(one.weight**2 for one in clusters)
    return _wilson(rate, size, sum(one.n for one in clusters))


def _wilson(rate: float, size: float, n: int) -> Estimate:
    shrink = 1 + Z_95**2 / size
    centre = (rate + Z_95**2 / (2 * size)) / shrink
    half = Z_95 / shrink * math.sqrt(max(0.0, rate * (1 - rate)) / size + Z_95**2 / (4 * size**2))
    return Estimate(rate, min(rate, max(0.0, centre - half)), max(rate, min(1.0, centre + half)), n)


def share_of_class(size: Estimate, first: Estimate, second: Estimate, n: int) -> Estimate:
    """Of the hits in two classes, the share that is in the first, where each class was drawn from by itself.

    `size` is the first class's share of all, `first` and `second` are the shares of hits in either. With
    s, p, q for the three the share is sp / (sp + (1 - s)q), whose odds are a product; the distances of its
    bounds from it are those of the factors in logarithms, squared, added and rooted. So it is uncertain
    where no hit was drawn of a class that stands for many, which a variance cannot tell.

    Source: Tenenbein 1970, A double sampling scheme for estimating from binomial data with
    misclassifications; Newcombe 2016, MOVER-R confidence intervals for ratios and products.
    """
    hits, others = size.value * first.value, (1 - size.value) * second.value
    low = 1 - _highest(complement(size), second, first)
    value = hits / (hits + others)
    return Estimate(value, min(value, low), max(value, _highest(size, first, second)), n)


def _highest(size: Estimate, first: Estimate, second: Estimate) -> float:
    """The upper bound of the share in the first class."""
    hits, others = size.value * first.value, (1 - size.value) * second.value
    if others == 0 or second.low == 0 or size.high == 1:
        return 1.0
    if hits == 0:
        most = (size.value or size.high) * first.high
        return most / (most + others)
    factors = (_odds(size.high) / _odds(size.value), first.high / first.value, second.value / second.low)
    odds = hits / others * math.exp(math.hypot(*map(math.log, factors)))
    return odds / (1 + odds)


def _odds(share: float) -> float:
    return share / (1 - share)


def complement(share: Estimate) -> Estimate:
    """The share of all others."""
    return Estimate(1 - share.value, 1 - share.high, 1 - share.low, share.n)
