"""Hidden characters of a text, written out: what reaches a terminal or a page then neither acts nor hides.

    text with an escape character --visible--> the same with a backslash and `x1b` in its place

Hidden are control, bidi, zero-width and all other characters that leave no mark.
"""

from __future__ import annotations

import re
import unicodedata

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Control, format (bidi, zero-width, tags), private, surrogate, unassigned, line and paragraph separators."""

_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Of other categories, and blank all the same: what Unicode calls Default_Ignorable_Code_Point
(DerivedCoreProperties.txt), variation selectors among them, and the empty Braille pattern."""

_NAMED = {"\r": r"\r", "\b": r"\b", "\f": r"\f", "\v": r"\v", "\0": r"\0"}


def visible(text: str) -> str:
    """The text with hidden characters as escapes; tabs and new lines stay."""
    return "".join(written(character) if is_hidden(character) else character for character in text)


def is_hidden(character: str) -> bool:
    """Does it leave no mark, and is no blank that people expect?"""
    if " " <= character <= "~" or character in "\n\t":
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or _BLANK.match(character) is not None


def written(character: str) -> str:
    """The character as an escape."""
    code = ord(character)
    if code < 0x100:
        return _NAMED.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
