"""Make hostile text safe to show: nothing in it acts, and nothing in it hides.

    text a model wrote --inert--> HTML: markup escaped, hidden characters as escapes set apart by <i>
                       --visible--> the same as plain text, for attributes and labels

What is hidden is told by `guru_data.visible`.
"""

from __future__ import annotations

from markupsafe import Markup, escape

from guru_data.visible import is_hidden, visible, written

__all__ = ["inert", "visible"]


def inert(text: str, limit: int) -> Markup:
    """The beginning of `text` as HTML, `limit` characters as written; the rest is counted at the end."""
    parts: list[Markup] = []
    plain_from = index = shown = 0
    for index, character in enumerate(text):
        if shown >= limit:
            break
        if is_hidden(character):
            escaped = written(character)
            parts += [escape(text[plain_from:index]), Markup("<i>{}</i>").format(escaped)]
            plain_from, shown = index + 1, shown + len(escaped)
        else:
            shown += 1
    else:
        return Markup("").join([*parts, escape(text[plain_from:])])
    rest = Markup("<b>… {:,} more characters in the ledger</b>").format(len(text) - index)
    return Markup("").join([*parts, escape(text[plain_from:index]), rest])
