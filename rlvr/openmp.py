"""How torch's OpenMP threads wait for each other on cores that others use too."""

from __future__ import annotations

SPINS = 10_000
"""Some tens of microseconds."""


def idle_threads_sleep() -> dict[str, str]:
    """Environment for a process that is about to import torch: waiting threads spin briefly, then sleep.

    GNU OpenMP's default is to spin far longer. A training step of the tiny model on two cores took 0.09 s
    alone and 0.68 s beside two busy processes; with this bound 0.08 and 0.19 s; without any spinning 0.14
    and 0.16 s.
    """
    return {"GOMP_SPINCOUNT": str(SPINS)}
