"""Grade the next step of a chain of predicates (Guru's `logic__graph_logical_dataset`).

    "<answer> fdebme </answer>" --> "fdebme" --compare--> Verdict

Ground truth: one made-up word. Case, quotes and a final period do not count; a second word does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.puzzles.stated_answer import plain_word, stated_answer
from verifiers.types import Verdict, VerifyRequest


class GraphVerifier(Verifier):
    name: ClassVar[str] = "graph"
    examples: ClassVar[Sequence[Example]] = (
        Example("so <answer>\n Fdebme. \n</answer>", "fdebme", 1.0),
        Example("<answer> zorpik </answer>", "fdebme", 0.0),
        Example("it is fdebme", "fdebme", 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = request.ground_truth
        if not isinstance(expected, str) or not plain_word(expected):
            raise GroundTruthError(f"graph expects a word, got {expected!r:.200}")

        answer = stated_answer(request.response)
        if not answer:
            return Verdict.no_answer("no_answer_tag")
        return Verdict.compared(plain_word(answer) == plain_word(expected), answer)
