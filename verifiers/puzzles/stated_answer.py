r"""Where a puzzle's answer stands in a response.

    response --after </think>--> last <answer>...</answer>, else last \boxed{...} --> text without code fences

Puzzles ask for `<answer>` tags; a box is accepted because the model plainly states an answer there. Anything
else is no answer in the asked form.
"""

from __future__ import annotations

from verifiers.extract import after_think, last_boxed, last_tag, unfenced


def stated_answer(response: str) -> str | None:
    """The text that a response gives as its answer, or None."""
    text = after_think(response)
    stated = last_tag(text)
    if stated is None:
        stated = last_boxed(text)
    return None if stated is None else unfenced(stated)


def plain_word(text: str) -> str:
    """A name as a reader compares it: no case, no quotes or final period, single spaces."""
    return " ".join(text.casefold().split()).strip("\"'`*.,;:!? ")
