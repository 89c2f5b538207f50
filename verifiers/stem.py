r"""Grade a short answer from science and engineering (WebInstruct, Guru's `stem_web`).

    response --last box--> answer --same text | same number and unit--> Verdict, else a judge, else
    `undecided`

Ground truth: text such as `"6.0 N"`. Text and quantities that agree are right and quantities that differ are
wrong; whether "kinetic energy" answers "the energy of motion" only a judge can tell. None is configured here,
so such pairs are `undecided` with reason `judge_not_configured`, and nobody is trained on them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, last_boxed
from verifiers.quantities import Quantity, read_quantity
from verifiers.types import Verdict, VerifyRequest

RELATIVE_TOLERANCE = Fraction(1, 100)
MAX_ANSWER_CHARS = 5_000

_MARKUP = re.compile(
    r"\\(?:text|mathrm|mathbf|mbox|textbf|operatorname|left|right)\b|\\[,!;: ()\[\]]|[{}$~*`\"“”\s]"
)


class StemVerifier(Verifier):
    name: ClassVar[str] = "stem"
    examples: ClassVar[Sequence[Example]] = (
        Example(r"\boxed{6.0 \text{ N}}", "6 N", 1.0),
        Example(r"\boxed{7.5 \text{ N}}", "6 N", 0.0),
        Example(r"\boxed{the energy of motion}", "kinetic energy", None),
        Example("six", "6 N", 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = request.ground_truth
        if not isinstance(expected, str) or not expected.strip():
            raise GroundTruthError(f"stem expects text, got {expected!r:.200}")
        answer = last_boxed(after_think(request.response))
        if not answer:
            return Verdict.no_answer("no_boxed")
        if len(answer) > MAX_ANSWER_CHARS:
            return Verdict.graded(0.0, "answer_over_budget", answer, chars=len(answer))
        if _plain(answer) == _plain(expected):
            return Verdict.compared(True, answer, stage="text")
        equal = _same_quantity(read_quantity(expected), read_quantity(answer))
        if equal is None:
            return Verdict.undecided("judge_not_configured", answer)
        return Verdict.compared(equal, answer, stage="quantity")


def _same_quantity(expected: Quantity | None, given: Quantity | None) -> bool | None:
    """None where the two cannot be compared as numbers: one is none, or the units differ and may still be
    equal."""
    if expected is None or given is None:
        return None
    wanted, found = _absolute(expected), _absolute(given)
    close = abs(wanted - found) <= RELATIVE_TOLERANCE * abs(wanted)
    if expected.unit == given.unit or not given.unit or not expected.unit:
        return close
    return None


def _absolute(quantity: Quantity) -> Fraction:
    return quantity.value / 100 if quantity.percent else quantity.value


def _plain(text: str) -> str:
    return _MARKUP.sub("", text).casefold().rstrip(".")
