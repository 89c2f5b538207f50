"""Answers to synthetic problems, for supervised warm-up before reinforcement learning.

    SyntheticConfig --draw training puzzles--> prompt + worked or guessed answer

A model warmed up on both kinds knows the asked form and sometimes works the answer out: reinforcement
learning can then raise how often it does. Only the training side is drawn from, so that no held-out
problem is ever shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from guru_data.config import SyntheticConfig
from guru_data.problem import Domain, Message
from guru_data.synthetic.source import SyntheticSource, as_prompt


@dataclass(frozen=True)
class Demonstration:
    """A prompt with an assistant's answer."""

    prompt: tuple[Message, ...]
    response: str
    kind: Literal["worked", "guess"]
    """`worked` is right and shows its work; `guess` has the asked form and nothing behind it."""
    domain: Domain

    def chat(self) -> list[dict[str, str]]:
        """The prompt as chat templates take it."""
        return [message.model_dump() for message in self.prompt]


def demonstrations(
    config: SyntheticConfig, seed: int, count: int, *, worked_share: float = 0.5
) -> Iterator[Demonstration]:
    """Make demonstrations of the configured domains in turn, the same for the same arguments.

    Args:
        count: how many; they are made one at a time.
        worked_share: probability that an answer is worked, in [0, 1]; the rest are guesses.
    """
    source = SyntheticSource(config)
    rng = Random(f"demonstrations/{seed}")
    for index in range(count):
        domain = config.domains[index % len(config.domains)]
        puzzle = source.draw(domain, "train", rng)
        if rng.random() < worked_share:
            yield Demonstration(as_prompt(puzzle), puzzle.worked, "worked", domain)
        else:
            yield Demonstration(as_prompt(puzzle), puzzle.guess, "guess", domain)
