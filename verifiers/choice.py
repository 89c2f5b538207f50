r"""Grade a multiple-choice letter (GPQA, SuperGPQA, MMLU style).

    response --last run of boxes, else "Answer: C", else a bare letter--> "C" --compare--> Verdict

Ground truth: one letter, `"A"` to `"J"`. A letter may stand in `\text{}`, in brackets, or before its option
(`C. Argon`). Naming several letters, or one in order to deny it, is no answer; a capital inside an option's
text (`A. Vitamin C`) names nothing. There is never a random guess: a response without a letter is
`no_answer`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import ClassVar

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, last_tag
from verifiers.math.extract import last_boxes
from verifiers.types import Verdict, VerifyRequest

LETTERS = "ABCDEFGHIJ"
TAIL_CHARS = 4_000
"""Without a box, the answer is looked for in the last characters only."""

MAX_STATED_CHARS = 2_000
"""A longer box or tag is not a letter with its option."""

_WRAPPER = re.compile(
    r"\\(?:text|textbf|mathrm|mathbf|mathsf|rm|bf|operatorname|displaystyle)\b\s*|\\[()\[\],;! ]|[{}$*`_]"
    r"|\\\s*\Z"
)
_LEAD_IN = re.compile(r"\b(?:answer|choice|option)\b(?:\s+is\b)?\s*[:=]?", re.IGNORECASE)
_LONE = r"(?<![A-Za-z0-9'\\])(?P<letter>[A-J])(?![A-Za-z0-9'])"
_LONE_LETTER = re.compile(_LONE)
_LEADING = re.compile(r"[\"'(\[\s]*([A-J])(?![A-Za-z0-9'])([\"')\]]*)\s*([.:,;]?)(.*)", re.DOTALL)
_WHOLE = re.compile(r"[\"'(\[\s]*([A-Ja-j])[\"')\].,:;!\s]*")
_BRACKETED = re.compile(r"\(([A-J])\)")

_JOINER = (
    r"(?:(?i:or|and|to|through|but|also|maybe|perhaps|possibly|alternatively|otherwise|else|plus|even|either"
    r"|option|choice|answer)\b|[,;|/&+=~–—-])"
)
_SUBJECTS = (
    r"(?:\s*(?:,|and\b|or\b)\s*[A-J](?![A-Za-z0-9']))*\s+(?:is|are|was|were|would|does|do|has|have|fails?|cannot"
    r"|\w+n['’]t)\b(?!\s+(?:\w+ly|also|both|correct|right|possible|true|plausible|valid|fine|the)\b)"
)
"""Behind other letters, this says something of them: `D is wrong`, `A and B are too small`."""
_JOINED = re.compile(
    rf"[\"')\].:\s]{{0,9}}(?:{_JOINER}[\s(\[]{{0,9}}){{1,6}}{_LONE}(?!{_SUBJECTS})(?!\s*[=<>])(?!\s[a-z]{{3}})"
)
"""`A or B`, `A | B`, `A but also B`; not `C, A noble gas` and not `C, F = ma`."""
_ADJACENT = re.compile(
    rf"[\"')\].:\s]{{0,9}}[(\[]?(?!I){_LONE}(?!{_SUBJECTS})[\"')\]]*(?=\s*(?:\Z|[.:,;|]|/\s*[A-J]\b|(?:and|or|to|but|is|are)\b"
    r"|[(\[]?[A-J](?![A-Za-z0-9'])))"
)
"""`A B C`, `(A)(B)`, `A. B.`; not `C. A noble gas`, `A. B cells`, `B. F = ma` and not `A. I only`."""
_LISTED = re.compile(rf"(?<![°(\[])(?!I){_LONE}[).:]\s+\S|(?:^|[\s;,])(?!\(I)\((?P<other>[A-J])\)\s+\S")
"""The next option of a list of them: `A. x B. y`, `(A) x (B) y`."""
_SECOND_THOUGHT = re.compile(
    r"(?:\b(?i:also|maybe|perhaps|possibly|alternatively|otherwise)"
    r"|(?i:\b(?:or|and|but)\s+(?:option|choice|answer)))"
    rf"\s+(?i:(?:the\s+)?(?:option|choice|answer)\s+)?[(\[]?{_LONE}"
    r"|(?:\bor\b|\band\b|[,/;&\n])\s*[(\[]?(?P<other>[A-J])[).:](?:\s|$)"
)
_NEGATION = re.compile(
    r"\b(?:not|neither|nor|never|cannot|except|excluding|(?:any|every)thing but|all but|(?:other|rather) than"
    r"|\w+n['’]t)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"[\"')\]]{0,3}\s*(?:\?|(?:(?:is|was|must be|seems)\s+(?:\w+ly\s+)?"
    r"(?:not|wrong|incorrect|false|impossible|ruled out)|isn['’]t|can(?:not|['’]t) be)"
    r"\s*(?:(?:the|an?)\s+)?(?:correct|right|true|possible)?\s*"
    r"(?:answer|option|choice|one)?\s*(?:\Z|[.,;!]|because\b|since\b|as\b))",
    re.IGNORECASE,
)
_OTHER_LEAD_IN = re.compile(
    r"\b(?:(?P<denied>(?:wrong|incorrect|false|not)\s+(?:(?:the|an?|correct|right|best)\s+){0,2})"
    r"|(?:or|also|maybe|perhaps)\s+)\Z",
    re.IGNORECASE,
)
"""Before `answer` or `option`, this makes it one that is not meant, or not alone."""
_SUBJECT = re.compile(
    rf"{_LONE}[\"')\]]{{0,3}}\s+(?:is|must be|would be)\s+"
    r"(?:(?:clearly|therefore|thus|indeed|the|my|only|correct|right|best|final|most|likely)\s+){0,5}\Z"
)
"""What stands before `answer` in `A is the correct answer`."""


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
        stated = stated_texts(text)
        if stated:
            letters = {
                letter for one in stated if (letter := leading_letter(without_markup(one))) is not None
            }
            letter = leading_letter(without_markup(stated[-1])) if len(letters) == 1 else None
        else:
            letter = unboxed_letter(without_markup(text[-TAIL_CHARS:]))
        if letter is None:
            return Verdict.no_answer("no_letter", " ".join(stated) or None)
        return Verdict.compared(letter == expected.strip().upper(), letter)


def stated_texts(text: str) -> list[str]:
    """The boxes that stand together at the end of a response, else its last tag, else nothing."""
    boxes = last_boxes(text)
    if boxes:
        return boxes
    tagged = last_tag(text)
    return [] if tagged is None else [tagged]


def leading_letter(text: str) -> str | None:
    """The letter that a short answer consists of or starts with (`C`, `(C) Argon`, `C. Argon`, `Answer: C`).

    None if there is none, if a word follows without a mark ("A cat"), if more than one letter is named, or if
    the letter is called wrong.
    """
    if len(text) > MAX_STATED_CHARS:
        return None
    text = _LEAD_IN.sub("", text, count=1)
    if whole := _WHOLE.fullmatch(text):
        return whole.group(1).upper()
    match = _LEADING.fullmatch(text)
    if match is None:
        return None
    letter, bracket, mark, _ = match.groups()
    if not (bracket or mark) or _takes_back(text, match.end(1), letter):
        return None
    return letter


def unboxed_letter(text: str) -> str | None:
    """The letter of an answer without a box: the last "answer is C" or "C is the answer", one bracketed
    letter, or a bare letter."""
    lead_ins = list(_LEAD_IN.finditer(text))
    for lead_in in reversed(lead_ins):
        line = text[: lead_in.start()].rpartition("\n")[2]
        other = _OTHER_LEAD_IN.search(line)
        if other is None:
            return _letter_around(text, lead_in, line)
        if not other["denied"]:
            return None
    if lead_ins:
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    bracketed = list(_BRACKETED.finditer(lines[-1]))
    if len({match.group(1) for match in bracketed}) == 1:
        return _letter_at(lines[-1], bracketed[-1].start(1))
    return leading_letter(lines[-1])


def _letter_around(text: str, lead_in: re.Match[str], before: str) -> str | None:
    """The letter of a sentence that holds a lead-in, with the line `before` that."""
    subject = _SUBJECT.search(before)
    if subject is not None:
        only = {match["letter"] for match in _LONE_LETTER.finditer(before)} <= {subject["letter"], "I"}
        return _letter_at(before, subject.start("letter")) if only else None
    line = text[lead_in.end() :].strip().split("\n", 1)[0]
    if whole := _WHOLE.fullmatch(line):
        return whole.group(1).upper()
    match = _LONE_LETTER.search(line)
    return None if match is None else _letter_at(line, match.start())


def _letter_at(line: str, at: int) -> str | None:
    """The letter there: `C, because not A`, `for sure C`; not `A, B`, not `not A` and not `A is wrong`."""
    if _NEGATION.search(line, 0, at) or _takes_back(line, at + 1, line[at]):
        return None
    return line[at]


def _takes_back(text: str, behind: int, letter: str) -> bool:
    """Whether the text behind a letter denies it or names another one."""
    if _DENIED.match(text, behind):
        return True
    at = behind
    while match := _JOINED.match(text, at) or _ADJACENT.match(text, at):
        if match["letter"] != letter:
            return True
        at = match.end()
    named = [*_LISTED.finditer(text, behind), *_SECOND_THOUGHT.finditer(text, behind)]
    return any((match["letter"] or match["other"]) != letter for match in named)


def without_markup(text: str) -> str:
    """A text without the LaTeX and Markdown around its words, full-width letters as plain ones."""
    return _WRAPPER.sub("", unicodedata.normalize("NFKC", text)).strip()
