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
from verifiers.math.conclusions import conclusion_of, is_bare_answer
from verifiers.math.plain_numbers import plain_number
from verifiers.math.statements import concluding_part, statements

TAIL_CHARS = 3_000
"""Without a box or a tag, the answer is looked for in the last characters only."""
MAX_BOXES = 20
"""Boxes beyond this many are not joined into one answer."""
MAX_GAP_CHARS = 40
MAX_BARE_CHARS = 2_000

_GAP_MARKUP = re.compile(r"\\(?:text|mbox|textbf|mathrm)\b|\\(?:quad|qquad|[,;:! ()\[\]])|[{}$~*\s]+")
_GAP = re.compile(r"(?:[a-z()]+ ){0,4}?(?:and|or|,|;|und|et)(?: [a-z()]+){0,3}|[,;]?", re.IGNORECASE)
_OR_NUMBER = re.compile(r"[\s$)\]}]{0,9}(?:or|and)\s+[$({]{0,3}([+-]?\d+(?:\.\d+)?(?:/\d+)?)")
_LEAD_IN = re.compile(
    r"\\(?:text|mathrm|mbox|textbf)\{\s*(?:the\s+)?(?:final\s+)?answer(?:\s+is)?\s*[:=]?\s*\}\s*:?\s*",
    re.IGNORECASE,
)
_TURN_START = re.compile(
    r"\s*(?:<\|im_start\|>\s*assistant\b|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>)"
)
_TURN_END = re.compile(
    r"[.\s]*I hope (?:it|this) is correct\b.*$"
    r"|(?:<\|(?:im_start|im_end|endoftext|eot_id|end_of_text|end)\|>|</s>|<eos>|<end_of_turn>).*$",
    re.DOTALL,
)


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
        return FinalAnswer(tuple(inner) or (concluding_part(tagged),), "tag")
    whole = len(text) <= TAIL_CHARS
    return _unboxed_answer(_TURN_END.sub("", _TURN_START.sub("", text[-TAIL_CHARS:])).strip(), whole=whole)


def last_boxes(text: str) -> list[str]:
    """Contents of the last run of boxes that are not empty, in order of appearance."""
    box = last_box(text)
    while box is not None and not box.content:
        box = last_box(text, end=box.start)
    if box is None:
        return []
    contents = _alternatives(text, box)
    while box is not None:
        contents.append(box.content)
        previous = last_box(text, end=box.start) if len(contents) < MAX_BOXES else None
        if previous is None or not _belongs_together(text, previous, box):
            break
        box = previous
    return contents[::-1]


def _alternatives(text: str, box: Boxed) -> list[str]:
    """`\\boxed{5} or 6` states another number too; `\\boxed{\\frac12} or 0.5` the same once more."""
    match = _OR_NUMBER.match(text, box.end)
    boxed, other = plain_number(box.content), plain_number(match[1]) if match else None
    return [] if match is None or None in (boxed, other) or boxed == other else [match[1]]


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
    if whole and len(text) <= MAX_BARE_CHARS and is_bare_answer(text):
        return FinalAnswer((text.lstrip("= ").strip("*"),), "whole")
    stated_parts = statements(text)
    if stated_parts:
        return FinalAnswer(tuple(dict.fromkeys(stated_parts)), "statement")
    conclusion = conclusion_of(text)
    if conclusion is None:
        return FinalAnswer((text,), "whole") if whole and len(text) <= MAX_BARE_CHARS else None
    return FinalAnswer((conclusion,), "conclusion")
