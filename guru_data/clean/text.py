"""Texts as cleaning compares them: words, numbers and signs, without layout.

    text --tokens--> ["find", "the", "area", "3", "/", "4", ...]     numbers(...) -> ["3", "4"]

LaTeX and Unicode spellings of one formula, case, punctuation, markup, and the labels of options and
list items make no difference; every number and every sign of arithmetic does.
"""

from __future__ import annotations

import re
import unicodedata

_SPELLINGS = {
    "−": "-",
    "–": "-",
    "×": " ",
    "·": " ",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": " neq ",
    "π": " pi ",
    "√": " sqrt ",
    "∞": " infty ",
    "°": " circ ",
}
_CHARACTERS = re.compile("|".join(_SPELLINGS))
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_COMMANDS = (
    (re.compile(r"\\(?:leq?|leqslant)\b"), "<="),
    (re.compile(r"\\(?:geq?|geqslant)\b"), ">="),
    (re.compile(r"\\(?:ne|neq)\b"), " neq "),
    (
        re.compile(
            r"\\(?:text|textbf|textit|mathrm|mathbf|mathbb|mbox|operatorname|displaystyle|left|right|"
            r"big|cdot|times|quad|qquad|begin|end)\b"
        ),
        " ",
    ),
)
_LABEL = re.compile(
    r"^[ \t]*(?:[-*•#>]+[ \t]*)?(?:(?:problem|question|exercise|example)[ \t]*)?"
    r"(?:\(?(?:[a-j]|\d{1,3}|[ivx]{1,4})[.):]+|[-*•#]+)[ \t]+|\([a-j]\)[ \t:]",
    re.IGNORECASE | re.MULTILINE,
)
_THOUSANDS = re.compile(r"(?<![\d,.])(\d{1,3}(?:,\d{3})+)(?![\d,])")
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|(?<![^\W\d_])-|-(?![^\W\d_])|[+/=<>%]")
_LAYOUT = re.compile(r"(?:\s|\\[,;:! ]|\$|\\(?:left|right)\b|[{}])+")


def tokens(text: str) -> list[str]:
    """Words, numbers and signs of a text, in order."""
    text = _CHARACTERS.sub(lambda match: _SPELLINGS[match.group()], text)
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _LABEL.sub(" ", text)
    if "\\" in text:
        text = _FRACTION.sub(r" \1/\2 ", text)
        for command, plain in _COMMANDS:
            text = command.sub(plain, text)
    text = text.replace("!=", " neq ")
    text = _THOUSANDS.sub(lambda match: match.group().replace(",", ""), text)
    return _TOKEN.findall(text)


def numbers(words: list[str]) -> list[str]:
    """The numbers among tokens, in order."""
    return [word for word in words if word[0].isdigit()]


def exact_form(text: str) -> str:
    """The text without layout: two texts with one form differ in spacing, `$` and braces only.

    Where layout parts two words or numbers it stays as a space, and between numbers so does a new line:
    `1 12` is not `11 2`, and a matrix is not its transpose.
    """
    return _LAYOUT.sub(_parting, text)


def _parting(layout: re.Match[str]) -> str:
    text, start, end = layout.string, layout.start(), layout.end()
    before, after = text[start - 1 : start], text[end : end + 1]
    if not (before.isalnum() and after.isalnum()):
        return ""
    return "\n" if "\n" in layout.group() and before.isdigit() and after.isdigit() else " "
