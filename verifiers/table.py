r"""Grade an answer read off a table (HiTab, MultiHiertt, FinQA).

    response --last box, else the whole text--> cells split at "|" --compare one by one--> Verdict

Ground truth: text or a number; several cells are separated by `|`, their order does not count. Numbers agree
within one part in a thousand, integers exactly, thousands separators and currency signs aside. A percent mark
on one side may be meant as part of the number or as hundredths, so both are tried; without a mark, 0.5, 50
and 5000 are three different answers. Text is compared without case, markup and spacing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, last_boxed, last_tag
from verifiers.quantities import Quantity, read_quantity
from verifiers.types import Verdict, VerifyRequest

RELATIVE_TOLERANCE = Fraction(1, 1000)
MAX_ANSWER_CHARS = 5_000

_MARKUP = re.compile(
    r"\\(?:text|mathrm|mathbf|mbox|textbf|operatorname)\b|\\[,!;: ]|[{}$~*`\"“”]|\\(?=[%&#_])"
)


class TableVerifier(Verifier):
    name: ClassVar[str] = "table"
    examples: ClassVar[Sequence[Example]] = (
        Example(r"\boxed{87.0|492}", "492|87", 1.0),
        Example(r"\boxed{25\%}", "0.25", 1.0),
        Example(r"\boxed{664}", "6.64", 0.0),
        Example("I cannot tell from it", "6.64", 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = _cells(_reference_text(request.ground_truth))
        text = after_think(request.response)
        stated = last_boxed(text)
        if stated is None:
            stated = last_tag(text)
        answer = (text if stated is None else stated).strip()
        if len(answer) > MAX_ANSWER_CHARS:
            reason = "no_boxed" if stated is None else "answer_over_budget"
            return Verdict.no_answer(reason) if stated is None else Verdict.graded(0.0, reason, answer)
        equal = same_cells(expected, _cells(answer))
        if stated is None and not equal:
            return Verdict.no_answer("no_boxed")
        return Verdict.compared(equal, answer)


def same_cells(expected: Sequence[str], given: Sequence[str]) -> bool:
    """Whether each expected cell can be paired with a given one; both short lists."""
    if len(expected) != len(given):
        return False
    left = list(given)
    for cell in expected:
        match = next((other for other in left if same_cell(cell, other)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def same_cell(expected: str, given: str) -> bool:
    """Whether two cells hold the same number or the same text."""
    if _plain(expected) == _plain(given):
        return True
    wanted, found = read_quantity(expected), read_quantity(given)
    if wanted is None or found is None:
        return False
    if wanted.unit and found.unit and wanted.unit != found.unit:
        return False
    if wanted.value.denominator == 1 and not (wanted.percent or found.percent):
        return wanted.value == found.value  # years and counts are not rounded
    readings = [(a, b) for a in _readings(wanted) for b in _readings(found)]
    if wanted.percent == found.percent:
        readings = [(wanted.value, found.value)]
    return any(abs(a - b) <= RELATIVE_TOLERANCE * abs(a) for a, b in readings)


def _readings(quantity: Quantity) -> list[Fraction]:
    return [quantity.value, quantity.value / 100] if quantity.percent else [quantity.value]


def _cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.replace(r"\|", "|").split("|")]


def _plain(cell: str) -> str:
    return " ".join(_MARKUP.sub("", cell).casefold().split()).rstrip(".")


def _reference_text(ground_truth: JsonValue) -> str:
    if isinstance(ground_truth, bool) or not isinstance(ground_truth, str | int | float):
        raise GroundTruthError(f"table expects text or a number, got {ground_truth!r:.200}")
    text = str(ground_truth).strip()
    if not text:
        raise GroundTruthError("table: the reference is empty")
    return text
