"""What an algorithm is to the rest of the project, and the table of those that exist."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from rlvr.errors import ConfigError
from rlvr.rollouts import FloatArray


class Algorithm(Protocol):
    """Turns the rewards of one group into advantages."""

    def advantages(self, rewards_G: FloatArray) -> FloatArray:
        """Advantages of one problem's rollouts, shape (G,); all zero where the group teaches nothing."""
        ...


ALGORITHMS: dict[str, str] = {"grpo": "rlvr.algorithms.grpo:GRPO"}


def open_algorithm(config: Any) -> Algorithm:
    """Build the algorithm a config names by its `kind`.

    Raises:
        ConfigError: there is no such algorithm.
    """
    try:
        module, _, name = ALGORITHMS[config.kind].partition(":")
    except KeyError:
        raise ConfigError(f"algorithm.kind={config.kind!r}; have {sorted(ALGORITHMS)}") from None
    algorithm: Algorithm = getattr(import_module(module), name)(config)
    return algorithm
