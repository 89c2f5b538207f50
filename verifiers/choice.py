r"""Grade a multiple-choice letter (GPQA, SuperGPQA, MMLU style).

    response --last box, else "Answer: C", else a bare letter--> "C" --compare--> Verdict

Ground truth: one letter, `"A"` to `"J"`. A letter may stand in `\text{}`, in brackets, or before its option
(`C. Argon`); naming several letters is no answer. There is never a random guess: a response without a letter
is `no_answer`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, last_boxed, last_tag
from verifiers.types import Verdict, VerifyRequest

LETTERS = "ABCDEFGHIJ"
TAIL_CHARS = 4_000
"""Without a box, the answer is looked for in the last characters only."""

_WRAPPER = re.compile(
    r"\\(?:text|textbf|mathrm|mathbf|mathsf|rm|bf|operatorname|displaystyle)\b\s*|\\[()\[\],;! ]|[{}$*`_]"
)
_LEAD_IN = re.compile(r"\b(?:answer|choice|option)\b(?:\s+is\b)?\s*[:=]?", re.IGNORECASE)
_LONE_LETTER = re.compile(r"(?<![A-Za-z0-9'\\])([A-J])(?![A-Za-z0-9'])")
_LEADING = re.compile(r"[\"'(\[\s]*([A-J])(?![A-Za-z0-9'])([\"')\]]*)\s*([.:,;]?)(.*)", re.DOTALL)
_WHOLE = re.compile(r"[\"'(\[\s]*([A-Ja-j])[\"')\].,:;!\s]*")
_ANOTHER = re.compile(
    r"[\"')\].,:;\s]*(?:or\b|and\b|[,/&+=-])\s*(?:or\s|and\s)?[(\[\s]*[A-J](?![A-Za-z0-9'])", re.IGNORECASE
)
_ANOTHER_OPTION = re.compile(r"(?:\bor\b|\band\b|[,/;&\n])\s*[(\[]?[A-J][).:](?:\s|$)")
_BRACKETED = re.compile(r"\(([A-J])\)")


class ChoiceVerifier(Verifier):
    name: ClassVar[str] = "choice"
    examples: ClassVar[Sequence[Example]] = (
        Example(r"so \boxed{C}", "C", 1.0),
        Example("Answer: (B)", "C", 0.0),
        Example("no idea", "C", 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = request.ground_truth
        if not (
            isinstance(expected, str) and len(expected.strip()) == 1 and expected.strip().upper() in LETTERS
        ):
            raise GroundTruthError(f"choice expects one letter A-J, got {expected!r}")

        text = after_think(request.response)
        stated = last_boxed(text)
        if stated is None:
            stated = last_tag(text)
        if stated is not None:
            letter = leading_letter(without_markup(stated))
            if letter is None:
                return Verdict.no_answer("no_letter", stated)
        else:
            letter = unboxed_letter(without_markup(text[-TAIL_CHARS:]))
            if letter is None:
                return Verdict.no_answer("no_letter")
        return Verdict.compared(letter == expected.strip().upper(), letter)


def leading_letter(text: str) -> str | None:
    """The letter that a short answer consists of or starts with (`C`, `(C) Argon`, `C. Argon`, `Answer: C`).

    None if there is none, if a word follows without a mark ("A cat"), or if more than one letter is named.
    """
    text = _LEAD_IN.sub("", text, count=1)
    if whole := _WHOLE.fullmatch(text):
        return whole.group(1).upper()
    match = _LEADING.fullmatch(text)
    if match is None:
        return None
    letter, bracket, mark, rest = match.groups()
    if not (bracket or mark) or _ANOTHER.match(text, match.end(1)) or _ANOTHER_OPTION.search(rest):
        return None
    return letter


def unboxed_letter(text: str) -> str | None:
    """The letter of an answer without a box: the last "answer is C", one bracketed letter, or a bare
    letter."""
    lead_ins = list(_LEAD_IN.finditer(text))
    if lead_ins:
        letter = _letter_of_sentence(text[lead_ins[-1].end() :].strip().split("\n", 1)[0])
        if letter is not None:
            return letter
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or lead_ins:
        return None
    bracketed = set(_BRACKETED.findall(lines[-1]))
    return bracketed.pop() if len(bracketed) == 1 else leading_letter(lines[-1])


def _letter_of_sentence(line: str) -> str | None:
    """`C`, `c`, `C, because not A`, `for sure C`; not `A, B` and not `A/B/C`."""
    if whole := _WHOLE.fullmatch(line):
        return whole.group(1).upper()
    match = _LONE_LETTER.search(line)
    if match is None or _ANOTHER.match(line, match.end()):
        return None
    return match.group(1)


def without_markup(text: str) -> str:
    """A text without the LaTeX and Markdown around its words."""
    return _WRAPPER.sub("", text).strip()
