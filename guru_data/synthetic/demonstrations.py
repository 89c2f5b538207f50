"""Answers to synthetic problems, for supervised warm-up before reinforcement learning.

    SyntheticConfig --draw training puzzles--> prompt + worked, guessed or evasive answer

A model warmed up on all kinds knows the asked form and sometimes works the answer out: reinforcement
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
    kind: Literal["worked", "guess", "evasive"]
    """`worked` is right and shows its work; `guess` has the asked form and nothing behind it; `evasive`
    gives no answer."""
    domain: Domain

    def chat(self) -> list[dict[str, str]]:
        """The prompt as chat templates take it."""
        return [message.model_dump() for message in self.prompt]


EVASIVE = "I do not know."


def demonstrations(
    config: SyntheticConfig, seed: int, count: int, *, worked_share: float = 0.5, evasive_share: float = 0.0
) -> Iterator[Demonstration]:
    """Make demonstrations of the configured tasks in turn, the same for the same arguments.

    Args:
        count: how many; they are made one at a time.
        worked_share: probability that an answer is worked, in [0, 1].
        evasive_share: probability that there is none; the rest are guesses.
    """
    source = SyntheticSource(config)
    rng = Random(f"demonstrations/{seed}")
    for index in range(count):
        chosen = source.tasks[index % len(source.tasks)]
        domain, puzzle = chosen.task.domain, chosen.draw("train", rng)
        prompt, chance = as_prompt(puzzle), rng.random()
        if chance < worked_share:
            yield Demonstration(prompt, puzzle.worked, "worked", domain)
        elif chance < worked_share + evasive_share:
            yield Demonstration(prompt, EVASIVE, "evasive", domain)
        else:
            yield Demonstration(prompt, puzzle.guess, "guess", domain)
