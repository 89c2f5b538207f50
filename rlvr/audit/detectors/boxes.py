r"""The boxes of a text, all in one pass, whatever nests in what.

    text --find_boxes--> (Box(content, start, end), ...)

`verifiers.extract` finds the last box, which is what counts; here it matters how many there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\s{0,8}\{")
_MARK = re.compile(r"\\(?:boxed|fbox|framebox)\s{0,8}\{|\\.|[{}]", re.DOTALL)
_NOISE = re.compile(
    r"\\(?:left|right|text|mathrm|mathbf|textbf|displaystyle|dfrac|tfrac)\b|\\[,;!:. ]|[\s${}]"
)


@dataclass(frozen=True, slots=True)
class Box:
    """One box: what is in it, and where the whole command starts and ends."""

    content: str
    start: int
    end: int

    @property
    def plain(self) -> str:
        return plain(self.content)


def find_boxes(text: str) -> tuple[Box, ...]:
    """The outermost boxes in order; one that is not closed takes the rest."""
    first = _BOX.search(text)
    if first is None:
        return ()
    found: list[Box] = []
    depth, opened_at, outer = 0, -1, (0, 0)
    for mark in _MARK.finditer(text, first.start()):
        token = mark[0]
        if token == "}":
            depth = max(0, depth - 1)
            if depth == opened_at:
                found.append(Box(text[outer[1] : mark.start()].strip(), outer[0], mark.end()))
                opened_at = -1
        elif token[-1] == "{" and token != "\\{":
            if token != "{" and opened_at < 0:
                opened_at, outer = depth, mark.span()
            depth += 1
    if opened_at >= 0:
        found.append(Box(text[outer[1] :].strip(), outer[0], len(text)))
    return tuple(found)


def plain(text: str) -> str:
    """The text without spacing, markup and case, for comparing two spellings."""
    return _NOISE.sub("", text).lower().rstrip(".")
