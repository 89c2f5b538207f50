"""Make hostile text safe to show: nothing in it acts, and nothing in it hides.

    text a model wrote --inert--> HTML: markup escaped, hidden characters as escapes set apart by <i>
                       --visible--> the same as plain text, for attributes and labels

Hidden are control, bidi, zero-width and all other characters that leave no mark on the page.
"""

from __future__ import annotations

import unicodedata

from markupsafe import Markup, escape

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Control, format (bidi, zero-width, tags), private, surrogate, unassigned, line and paragraph separators."""

_NAMED = {"\r": r"\r", "\b": r"\b", "\f": r"\f", "\v": r"\v", "\0": r"\0"}


def inert(text: str, limit: int) -> Markup:
    """The beginning of `text` as HTML, `limit` characters as written; the rest is counted at the end."""
    parts: list[Markup] = []
    plain_from = index = written = 0
    for index, character in enumerate(text):
        if written >= limit:
            break
        if _is_hidden(character):
            escaped = _written(character)
            parts += [escape(text[plain_from:index]), Markup("<i>{}</i>").format(escaped)]
            plain_from, written = index + 1, written + len(escaped)
        else:
            written += 1
    else:
        return Markup("").join([*parts, escape(text[plain_from:])])
    rest = Markup("<b>… {:,} more characters in the ledger</b>").format(len(text) - index)
    return Markup("").join([*parts, escape(text[plain_from:index]), rest])


def visible(text: str) -> str:
    """The text with hidden characters written out; not yet escaped."""
    return "".join(_written(character) if _is_hidden(character) else character for character in text)


def _is_hidden(character: str) -> bool:
    if " " <= character <= "~" or character in "\n\t":
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES


def _written(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return _NAMED.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
