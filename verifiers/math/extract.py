r"""Find the final answer in a solution, from the tail, in linear time.

    response --after </think>--> run of last boxes | <answer> | "answer is ..." | #### | last formula | last
    number

The answer comes out as a list of parts, because a solution may state it in several boxes (`\boxed{1} and
\boxed{2}`). Only boxes that stand next to each other belong together; an earlier box is an intermediate
result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers.extract import Boxed, after_think, last_box, last_tag
from verifiers.math.vocabulary import FUNCTIONS

TAIL_CHARS = 3_000
"""Without a box or a tag, the answer is looked for in the last characters only."""
MAX_BOXES = 20
"""Boxes beyond this many are not joined into one answer."""
MAX_GAP_CHARS = 40

MAX_BARE_CHARS = 2_000
MAX_BARE_WORDS = 4

_GAP_MARKUP = re.compile(r"\\(?:text|mbox|textbf|mathrm)\b|\\(?:quad|qquad|[,;:! ()\[\]])|[{}$~*\s]+")
_GAP = re.compile(r"(?:[a-z()]+ ){0,4}?(?:and|or|,|;|und|et)(?: [a-z()]+){0,3}|[,;]?", re.IGNORECASE)
_STATEMENT = re.compile(r"\banswers?(?:\s+(?:is|are)\b)?\s*[:=]?\**(?:\s+(?:is|are)\b)?\s*:?", re.IGNORECASE)
_CLOSING_WORDS = re.compile(r"[.\s]*I hope (?:it|this) is correct\b.*$|<\|im_(?:start|end)\|>.*$", re.DOTALL)
_LAST_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,\\^])[-+−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:/\d+)?(?![A-Za-z0-9_^])\s?\\?%?"
)
_FORMULA_MARKS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))
_COMMAND = re.compile(r"\\[A-Za-z]+(?:\{[A-Za-z ]*\})?")
_PLAIN_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE_WORDS = frozenset(
    [
        "is",
        "are",
        "was",
        "be",
        "the",
        "therefore",
        "thus",
        "so",
        "hence",
        "we",
        "answer",
        "final",
        "that",
        "because",
        "solution",
    ]
)
_NOT_STATED = re.compile(r"(?:\b(?:or|and|not|than|never|cannot be)|n't(?: be)?)[\s$*(]*$", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"\\(?:text|mathrm|mbox|textbf)\{\s*(?:the\s+)?(?:final\s+)?answer(?:\s+is)?\s*[:=]?\s*\}\s*",
    re.IGNORECASE,
)
_WORD_FIRST = re.compile(r"[^\W\d_]{2,}\b(?!\()[\s:]")
_SENTENCE_END = re.compile(r"\.(?=\s|$)|(?<=[^\\])\n|[。]")


@dataclass(frozen=True)
class FinalAnswer:
    """The parts of a final answer, usually one, and which rule found them."""

    parts: tuple[str, ...]
    found_by: str


def final_answer(response: str) -> FinalAnswer | None:
    """The final answer of a solution; None where nothing looks like one."""
    text = after_think(response)
    boxes = last_boxes(text)
    if boxes:
        parts = tuple(dict.fromkeys(_LEAD_IN.sub("", box, count=1) for box in boxes if box))
        return FinalAnswer(parts, "box") if parts else None
    tagged = last_tag(text)
    if tagged:
        inner = [box for box in last_boxes(tagged) if box]
        return FinalAnswer(tuple(inner) or (_concluding_part(tagged),), "tag")
    return _unboxed_answer(_CLOSING_WORDS.sub("", text[-TAIL_CHARS:]).strip(), whole=len(text) <= TAIL_CHARS)


def last_boxes(text: str) -> list[str]:
    """Contents of the last run of boxes, in order of appearance."""
    box = last_box(text)
    contents: list[str] = []
    while box is not None:
        contents.append(box.content)
        previous = last_box(text, end=box.start) if len(contents) < MAX_BOXES else None
        if previous is None or not _belongs_together(text, previous, box):
            break
        box = previous
    return contents[::-1]


def _belongs_together(text: str, left: Boxed, right: Boxed) -> bool:
    if left.end > right.start or right.start - left.end > 2 * MAX_GAP_CHARS:
        return False
    gap = _GAP_MARKUP.sub(" ", text[left.end : right.start]).strip()
    return len(gap) <= MAX_GAP_CHARS and _GAP.fullmatch(gap) is not None


def _unboxed_answer(text: str, *, whole: bool) -> FinalAnswer | None:
    if not text:
        return None
    if "####" in text:
        stated = text.rpartition("####")[2].strip().split("\n", 1)[0].strip()
        if stated:
            return FinalAnswer((stated,), "hashes")
    if whole and _is_bare_answer(text):
        return FinalAnswer((text.lstrip("= ").strip("*"),), "whole")
    statements = _statements(text)
    if statements:
        return FinalAnswer(tuple(dict.fromkeys(statements)), "statement")
    conclusion = _last_formula_or_number(text)
    if conclusion is None:
        return FinalAnswer((text,), "whole") if whole and len(text) <= MAX_BARE_CHARS else None
    return FinalAnswer((conclusion,), "conclusion")


def _is_bare_answer(text: str) -> bool:
    """One short line that is an answer and not a sentence about one."""
    if "\n" in text.strip() or len(text) > MAX_BARE_CHARS:
        return False
    words = _PLAIN_WORD.findall(_COMMAND.sub(" ", text))
    if any(word.lower() in _SENTENCE_WORDS or not word.isascii() for word in words):
        return False
    if _has_formula(text):
        return not words
    leads_to_number = (
        _WORD_FIRST.match(text)
        and text.split(maxsplit=1)[0].strip(":").lower() not in FUNCTIONS
        and len(_LAST_NUMBER.findall(text)) == 1
    )
    return len(words) <= MAX_BARE_WORDS and not leads_to_number


def _statements(text: str) -> list[str]:
    """What follows the last "answer is" or "answer:"; all of them where the last lines each state an
    answer."""
    found: list[str] = []
    end = len(text)
    for match in reversed(list(_STATEMENT.finditer(text))):
        rest = text[match.end() : end]
        if found and not (rest.endswith("\n") and "\n" not in rest.strip()):
            break
        stated = _first_sentence(rest)
        if stated:
            found.append(_concluding_part(stated))
        end = match.start()
    return found[::-1]


def _first_sentence(text: str) -> str:
    """Up to the first period that ends a sentence, or the first blank line."""
    text = text.strip().split("\n\n", 1)[0]
    sentence = _SENTENCE_END.split(text, maxsplit=1)[0].strip().strip('*"“” ').lstrip("}").rstrip(".")
    quoted = len(sentence) > 2 and sentence[0] == sentence[-1] == "'"
    return sentence[1:-1] if quoted else sentence


def _concluding_part(sentence: str) -> str:
    """A statement that is itself a sentence ("the volume is 120") is cut down to its formula or number."""
    words = _PLAIN_WORD.findall(_COMMAND.sub(" ", sentence))
    connected = [word for word in words if word.lower() not in ("and", "or")]
    if len(connected) <= MAX_BARE_WORDS and not any(word.lower() in _SENTENCE_WORDS for word in words):
        return sentence
    return _last_formula_or_number(sentence) or sentence


def _last_formula_or_number(text: str) -> str | None:
    formula = _last_formula(text)
    numbers = list(_LAST_NUMBER.finditer(text))
    number = numbers[-1] if numbers else None
    if number is not None and (formula is None or number.start() >= formula[1]):
        if _NOT_STATED.search(text, 0, number.start()):
            return None  # "7 or 8" does not state 8
        return number.group().strip()
    if formula is None or _NOT_STATED.search(text, 0, text.rfind(formula[0], 0, formula[1])):
        return None
    return formula[0]


def _has_formula(text: str) -> bool:
    return _last_formula(text) is not None


def _last_formula(text: str) -> tuple[str, int] | None:
    """The content of the last `$...$`, `$$...$$`, `\\(...\\)` or `\\[...\\]`, and where it ends."""
    best: tuple[str, int] | None = None
    for opening, closing in _FORMULA_MARKS:
        end = text.rfind(closing)
        start = text.rfind(opening, 0, end) if end > 0 else -1
        if start < 0:
            continue
        content = text[start + len(opening) : end].strip()
        if content and (best is None or end > best[1]):
            best = content, end + len(closing)
    return best
