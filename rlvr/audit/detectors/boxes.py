r"""The boxes of a text, all in one pass, whatever nests in what.

    text --find_boxes--> (Box(content, start, end), ...)

`verifiers.extract` finds the last box, which is what counts; here it matters how many there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\s{0,8}\{")
_MARK = re.compile(r"\\.|[{}]", re.DOTALL)
_NOISE = re.compile(
    r"\\(?:left|right|text|mathrm|mathbf|textbf|displaystyle|dfrac|tfrac)\b|\\[,;!:. ]|[\s${}]"
)


@dataclass(frozen=True)
class Box:
    """One box: what is in it, and where the whole command starts and ends."""

    content: str
    start: int
    end: int

    @cached_property
    def plain(self) -> str:
        return plain(self.content)


def find_boxes(text: str) -> tuple[Box, ...]:
    """The outermost boxes in order; one that is not closed takes the rest."""
    found: list[Box] = []
    box = _BOX.search(text)
    while box is not None:
        end = _closes(text, box.end())
        content = text[box.end() :] if end < 0 else text[box.end() : end - 1]
        found.append(Box(content.strip(), box.start(), len(text) if end < 0 else end))
        box = None if end < 0 else _BOX.search(text, end)
    return tuple(found)


def _closes(text: str, start: int) -> int:
    """Where the brace that was opened before `start` has been closed; -1 for never."""
    depth = 1
    for mark in _MARK.finditer(text, start):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
            if not depth:
                return mark.end()
    return -1


def plain(text: str) -> str:
    """The text without spacing, markup and case, for comparing two spellings."""
    return _NOISE.sub("", text).lower().rstrip(".")
