"""What a text without a box, a tag or a statement ends in: a short line, a formula, a list, a number."""

from __future__ import annotations

import re

from verifiers.math.vocabulary import FUNCTIONS

MAX_BARE_WORDS = 4
MAX_REMARK_CHARS = 100
"""How far before a number it may be denied."""
MAX_FORMULAS = 10
"""Formulas beyond this many are not joined into one list."""

SENTENCE_WORDS = {
    "is", "are", "was", "be", "the", "therefore", "thus", "so", "hence", "we", "answer", "final", "that",
    "because", "solution",
}  # fmt: skip
_NUMBER = r"[-+−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
_LAST_NUMBER = re.compile(rf"(?<![A-Za-z0-9_.,\\^]){_NUMBER}(?:/\d+|(?::\d+)+)?(?![A-Za-z0-9_^])\s?\\?%?")
_TUPLE = re.compile(
    rf"(?<![\w\\])[(\[]\s*{_NUMBER}(?:/\d+)?(?:\s*,\s*{_NUMBER}(?:/\d+)?)+\s*[)\]](?=[\s.]*$)"
)
_ASSIGNED = rf"[A-Za-z]\s*=\s*{_NUMBER}(?:/\d+)?"
_ASSIGNMENTS = re.compile(rf"{_ASSIGNED}(?:\s*(?:,|\n|\band\b)\s*{_ASSIGNED})+(?=[\s.]*$)")
_FORMULA_MARKS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))
_BETWEEN_FORMULAS = re.compile(r"\$\s*(?:,|,?\s*and|,?\s*or)\s*\$")
_COMMAND = re.compile(r"\\[A-Za-z]+(?:\{[A-Za-z ]*\})?")
_PLAIN_WORD = re.compile(r"[^\W\d_]{2,}")
_NOT_STATED = re.compile(
    r"(?:\b(?:or|and|not|than|never|without|(?:cannot|unlikely to) (?:be|equal)|"
    r"(?:rul|exclud|discard|reject|eliminat)(?:e|es|ed|s|ing)?(?: out)?)|n't(?: be)?)"
    r"\s*(?:[A-Za-z]\s*=)?[\s$*(]*$"
    r"|\d\W*\sor(?:\s+[A-Za-z=]+){1,4}[\s$*(]*$",
    re.IGNORECASE,
)
"""Before a number: what denies it, and another number that it is the alternative to."""
_TAKEN_BACK = re.compile(
    r"[\s$*)\]]*(?:\?|(?:[a-z]+\s+)?(?:(?:is|are|was|were)\s+(?:[a-z]+ly\s+)?"
    r"(?:not|impossible|wrong|incorrect|false|invalid|excluded|rejected|extraneous|ruled out)"
    r"|(?:is|are|was|were|do|does|ca|wo)n't|cannot|(?:do|does|can|will) not|fails?)\b)",
    re.IGNORECASE,
)


def is_bare_answer(text: str) -> bool:
    """One short line that is an answer and not a sentence about one."""
    if "\n" in text.strip():
        return False
    words = plain_words(text)
    if any(word.lower() in SENTENCE_WORDS or not word.isascii() for word in words):
        return False
    if _last_formula(text) is not None:
        return not words
    return len(words) <= MAX_BARE_WORDS and not _leads_to_a_number(text)


def plain_words(text: str) -> list[str]:
    """Words of a language, without those of LaTeX."""
    return _PLAIN_WORD.findall(_COMMAND.sub(" ", text))


def conclusion_of(text: str) -> str | None:
    """The last formula, list or number of a text; None where it is one of several or denied."""
    for pattern in (_ASSIGNMENTS, _TUPLE):
        if found := pattern.search(text):
            return found.group().replace("\n", ", ")
    formula = _last_formula(text)
    numbers = list(_LAST_NUMBER.finditer(text))
    number = numbers[-1] if numbers else None
    if number is not None and (formula is None or number.start() >= formula[2]):
        if _is_not_stated(text, number.start(), number.end()):
            return None  # "7 or 8" does not state 8
        return number.group().strip()
    if formula is None or _is_not_stated(text, formula[1], formula[2]):
        return None
    return formula[0]


def _is_not_stated(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - MAX_REMARK_CHARS) : start]
    return bool(_NOT_STATED.search(before) or _TAKEN_BACK.match(text, end))


def _leads_to_a_number(text: str) -> bool:
    """`Result: 7`, `It equals 7`; not `12 apples`, `x = 7`, `sin(7)`."""
    head = re.split(r"[\d=]|(?<!\s)[(\[]", text, maxsplit=1)[0]
    word = _PLAIN_WORD.search(head)
    if word is None or not head[0].isalpha() or text[len(head) : len(head) + 1] in ("=", "(", "["):
        return False
    if word.group().lower() in FUNCTIONS:
        return False
    return len(_LAST_NUMBER.findall(text)) == 1 or _TUPLE.search(text) is not None


def _last_formula(text: str) -> tuple[str, int, int] | None:
    """The content of the last `$...$`, `$$...$$`, `\\(...\\)` or `\\[...\\]`, with its start and end.

    Formulas that stand together, `$x = 2$ and $y = 3$`, are one list.
    """
    best: tuple[str, int, int] | None = None
    for opening, closing in _FORMULA_MARKS:
        end = text.rfind(closing)
        start = text.rfind(opening, 0, end) if end > 0 else -1
        if start < 0:
            continue
        content = text[start + len(opening) : end].strip()
        if content and (best is None or end > best[2]):
            best = content, start, end + len(closing)
    if best is None or text[best[1]] != "$" or text.startswith("$$", best[1]):
        return best
    contents, start = [best[0]], best[1]
    for _ in range(MAX_FORMULAS):
        closing_at = text.rfind("$", 0, start)
        opening_at = text.rfind("$", 0, closing_at) if closing_at > 0 else -1
        if opening_at < 0 or not _BETWEEN_FORMULAS.fullmatch(text, closing_at, start + 1):
            break
        contents.append(text[opening_at + 1 : closing_at].strip())
        start = opening_at
    return ", ".join(reversed(contents)), start, best[2]
