r"""Respell what LaTeX and Unicode write in several ways, before an answer is cut into tokens.

    "1½"            ->  "1\frac{1}{2}"        "10⁻³"  ->  "10^{-3}"
    "0.1\overline{6}" -> "\frac{15}{90}"      "\\[6pt]", "\cr"  ->  "\\"
    "\textcolor{red}{7}", "\phantom{0}7"  ->  "7"

Invisible characters are dropped. Nothing here changes what an answer means.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋"
_SCRIPTS = str.maketrans(_RAISED + _LOWERED, "0123456789+-n" + "0123456789+-")
_RAISED_RUN = re.compile(f"[{_RAISED}]+")
_LOWERED_RUN = re.compile(f"[{_LOWERED}]+")
_VULGAR = re.compile("[¼-¾⅐-⅞]")

_LAYOUT = re.compile(
    r"\\(?:[hv]?phantom|[hv]space\*?|color|textcolor|vphantom)\s*(?:\[[a-z]*\])?\{[^{}]*\}"
    r"|(?<=matrix\*\})\s*\[[lcr]\]|(?<=\\\\)\[-?[\d.]+\s*[a-z]{2}\]|\\hline\b"
)
_ROW_END = re.compile(r"\\cr(?![A-Za-z])")
_DEGREE = re.compile(r"\^\s*\{?\s*\\(?:text|mathrm|circ)\s*\{\s*o\s*\}\s*\}?")
_REPEATING = re.compile(
    r"(?<!\d)(\d*)\.(\d*)\s*(?:\\overline\s*\{\s*(\d+)\s*\}|\\(?:dot|bar)\s*\{?\s*(\d)\s*\}?)"
)
_MAX_REPEATING_DIGITS = 50
_SUM_OF_MONEY = re.compile(r"\s*([+-]?)\s*\\\$\s*([\d.,{}!\\ ]*\d)\s*")
_CURRENCIES = {"€": "euros", "£": "pounds", "¥": "yen"}
_OTHER_MONEY = re.compile(r"\s*([+-]?)\s*([€£¥])\s*([\d.,{}!\\ ]*\d)\s*")


def respelled(text: str) -> str:
    """The same answer in the spelling that the tokenizer knows."""
    if not text.isascii():
        text = _plain_characters(text)
    if "\\" not in text:
        return text
    text = _ROW_END.sub(r"\\\\", _LAYOUT.sub("", text))
    text = _DEGREE.sub(r"^\\circ ", _REPEATING.sub(_repeating_decimal, text))
    if money := _SUM_OF_MONEY.fullmatch(text):
        return rf"{money[1]}{money[2]} \text{{ dollars}}"
    return text


def _plain_characters(text: str) -> str:
    text = _RAISED_RUN.sub(lambda run: f"^{{{run[0].translate(_SCRIPTS)}}}", text.translate(_INVISIBLE))
    text = _LOWERED_RUN.sub(lambda run: f"_{{{run[0].translate(_SCRIPTS)}}}", text)
    if money := _OTHER_MONEY.fullmatch(text):
        return rf"{money[1]}{money[3]} \text{{ {_CURRENCIES[money[2]]}}}"
    return _VULGAR.sub(_vulgar_fraction, text)


def _vulgar_fraction(match: re.Match[str]) -> str:
    numerator, _, denominator = unicodedata.normalize("NFKC", match[0]).partition("\u2044")
    return rf"\frac{{{numerator}}}{{{denominator}}}"


def _repeating_decimal(match: re.Match[str]) -> str:
    r"""`0.1\overline{6}` is (16 - 1) / 90."""
    whole, fixed, repeated = match[1] or "0", match[2], match[3] or match[4]
    if len(whole + fixed + repeated) > _MAX_REPEATING_DIGITS:
        return match[0]
    numerator = int(whole + fixed + repeated) - int(whole + fixed)
    return rf"\frac{{{numerator}}}{{{'9' * len(repeated)}{'0' * len(fixed)}}}"
