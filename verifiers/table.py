r"""Grade an answer read off a table (HiTab, MultiHiertt, FinQA).

    response --last box, else the whole text--> cells split at "|" --compare one by one--> Verdict

Ground truth: text or a number; several cells are separated by `|`, their order does not count. Numbers agree
within one part in a thousand, integers exactly, thousands separators and currency signs aside; `12.0` may be
met by what rounds to it. A percent mark on one side may be meant as part of the number or as hundredths, so
both are tried; without a mark, 0.5, 50 and 5000 are three different answers. A score or a date (`12:30`,
`10/12`) agrees term by term, and a number with a word that is no unit is a name (`3M`, `7 Up`). Text is
compared without case, markup and spacing.
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
from verifiers.unit_words import is_everyday_unit, may_be_counted

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
    if wanted is None or found is None or not _units_agree(wanted, found):
        return False
    if wanted.terms is not None and found.terms is not None:
        return wanted.terms == found.terms and wanted.percent == found.percent
    if ":" in (wanted.terms or ()) or ":" in (found.terms or ()):
        return False
    readings = [(a, b) for a in _readings(wanted) for b in _readings(found)]
    if wanted.percent == found.percent:
        readings = [(wanted.value, found.value)]
    return any(abs(a - b) <= _tolerance(wanted, found, a) for a, b in readings)


def _units_agree(wanted: Quantity, found: Quantity) -> bool:
    """Whether the words behind two numbers allow to compare these."""
    if wanted.unit and found.unit:
        return wanted.unit == found.unit
    if wanted.unit:
        return is_everyday_unit(wanted.unit_as_written)
    return not found.unit or may_be_counted(found.unit_as_written)


def _tolerance(wanted: Quantity, found: Quantity, value: Fraction) -> Fraction:
    """How far an answer may be off: years and counts are not rounded."""
    relative = RELATIVE_TOLERANCE * abs(value)
    if wanted.value.denominator != 1 or wanted.half_step is None or wanted.percent or found.percent:
        return relative
    return min(relative, wanted.half_step)


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
