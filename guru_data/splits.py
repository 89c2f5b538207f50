"""Which side of the split a problem is on, decided by what the problem is.

    content --hash--> a number in [0, 1) --below the held-out share?--> "heldout" | "train"

The side depends on the content alone: not on seed, order, or what else is in the data. So equal
problems land on one side, and adding data never moves a problem.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from guru_data.problem import Message, Split

_SALT = b"guru-split"  # at most 16 bytes; a change would move every problem


def side_of(content: str, *, heldout_share: float) -> Split:
    """The side of a problem whose content (operands, facts, text: what must not leak) is given.

    Args:
        content: a canonical form; two ways to write the same problem must give one string.
        heldout_share: expected share of contents held out, in [0, 1). A larger share only moves
            contents from train to heldout.
    """
    return "heldout" if position_of(content) < heldout_share else "train"


def position_of(content: str) -> float:
    """Where a content falls in [0, 1): evenly spread, and always the same."""
    digest = hashlib.blake2b(content.encode(), digest_size=8, person=_SALT).digest()
    return int.from_bytes(digest, "big") / 2**64


def prompt_side(prompt: Sequence[Message], *, heldout_share: float) -> Split:
    """The side of a problem by its text, without regard to case and spacing.

    For data sets that may ask the same thing twice, with different references: both are on one side.
    """
    text = " ".join(" ".join(message.content for message in prompt).casefold().split())
    return side_of(text, heldout_share=heldout_share)
