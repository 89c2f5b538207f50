"""Grade the order of some objects (Guru's `logic__ordering_puzzle_dataset`).

    "<answer> ['pigeon', 'sparrow'] </answer>" --> ["pigeon", "sparrow"] --compare--> Verdict

Ground truth: a list of names. All or nothing; case, quotes, spacing and newlines do not count, and a list
without brackets or in round ones, one item per line, numbered or joined by arrows or `then`, is read as a
list too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.puzzles.stated_answer import plain_word, stated_answer
from verifiers.types import Verdict, VerifyRequest

MAX_ANSWER_CHARS = 20_000

_ARROW = re.compile(r"\s*(?:->|→|\\(?:right|long)arrow|\\to)\s*|,?\s+then\s+", re.IGNORECASE)
_MARKUP = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\b|[{}$]")
_NUMBERING = re.compile(r"^\s*(?:\d{1,3}[.):]|[-*])\s+")


class OrderingVerifier(Verifier):
    name: ClassVar[str] = "ordering"
    examples: ClassVar[Sequence[Example]] = (
        Example("<answer>\n['Pigeon', 'quail']\n</answer>", ["pigeon", "quail"], 1.0),
        Example("<answer> ['quail', 'pigeon'] </answer>", ["pigeon", "quail"], 0.0),
        Example("pigeon first", ["pigeon", "quail"], 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = request.ground_truth
        if (
            not isinstance(expected, list)
            or not expected
            or not all(isinstance(item, str) for item in expected)
        ):
            raise GroundTruthError(f"ordering expects a list of names, got {expected!r:.200}")

        answer = stated_answer(request.response)
        if not answer:
            return Verdict.no_answer("no_answer_tag")
        if len(answer) > MAX_ANSWER_CHARS:
            return Verdict.graded(0.0, "answer_over_budget", answer, chars=len(answer))
        return Verdict.compared(parse_names(answer) == [plain_word(str(item)) for item in expected], answer)


def parse_names(text: str) -> list[str]:
    """Names of a list in brackets, separated by commas, or one per line."""
    text = _MARKUP.sub("", text).strip()
    start, end = text.find("["), text.rfind("]")
    if 0 <= start < end:
        text = text[start + 1 : end]
    elif text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    text = _ARROW.sub(">", text)
    separator = next((mark for mark in ("[,>]", "\n") if re.search(mark, text)), ",")
    names = [plain_word(_NUMBERING.sub("", part)) for part in re.split(separator, text)]
    return [name for name in names if name]
