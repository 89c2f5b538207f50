r"""Grade the final answer of a mathematics problem.

    response --extract--> final answer --compare with the reference, cheapest stage first--> Verdict

Ground truth: the reference answer as LaTeX or plain text (a number is taken as its text). It is read by the
same rules as the response, so it may itself hold a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.math.extract import final_answer
from verifiers.math.plain_numbers import plain_number
from verifiers.types import Verdict, VerifyRequest

MAX_REFERENCE_CHARS = 20_000


class MathVerifier(Verifier):
    name: ClassVar[str] = "math"
    examples: ClassVar[Sequence[Example]] = (
        Example(r"so \boxed{42}", "42", 1.0),
        Example(r"so \boxed{\frac{1}{2}}", "0.5", 1.0),
        Example(r"so \boxed{41}", "42", 0.0),
        Example("I do not know", "42", 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        reference = reference_text(request.ground_truth)
        answer = final_answer(request.response)
        if answer is None:
            return Verdict.no_answer("no_final_answer")
        shown = ", ".join(answer.parts)
        if len(answer.parts) == 1 and answer.parts[0].strip() == reference:
            return Verdict.compared(True, shown, stage="text", found_by=answer.found_by)
        wanted, given = plain_number(reference), plain_number(shown)
        equal = wanted is not None and wanted == given
        return Verdict.compared(equal, shown, stage="number", found_by=answer.found_by)


def reference_text(ground_truth: JsonValue) -> str:
    """The reference as text.

    Raises:
        GroundTruthError: neither text nor a number, empty, or too long.
    """
    if isinstance(ground_truth, bool) or not isinstance(ground_truth, str | int | float):
        raise GroundTruthError(f"math expects an answer as text or number, got {ground_truth!r:.200}")
    text = str(ground_truth).strip()
    if not text or len(text) > MAX_REFERENCE_CHARS:
        raise GroundTruthError(f"math expects 1 to {MAX_REFERENCE_CHARS} characters, got {len(text)}")
    return text
