r"""The ways an answer's text can be read.

Commas are ambiguous: `1,234` is a number or two, `1,22` is two numbers or, in half of the world, one. So are
`1 234`, `2.5e3`, and the `I` that programs write for the imaginary unit. Each reading is tried; two answers
are equal if some reading of one equals some reading of the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from verifiers.math.answers import Answer, parse_answer
from verifiers.math.tokens import canonical, tokenize

CACHED_TEXTS = 4_096

_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_DECIMAL_COMMA = re.compile(r"\s*-?\d+,\d{1,2}\s*")
_SPACED_THOUSANDS = re.compile(r"\s*-?\d{1,3}(?: \d{3})+(?:\.\d+)?\s*")
_SCIENTIFIC = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)[eE]([+-]?\d+)\s*")
_IMAGINARY_UNIT = re.compile(r"(?<![A-Za-z\\])I(?![A-Za-z])|(?<=[a-z\d])I\b")


@dataclass(frozen=True)
class Reading:
    tokens: tuple[str, ...]
    answer: Answer


@lru_cache(maxsize=CACHED_TEXTS)
def readings(text: str) -> tuple[Reading, ...]:
    """All readings of a text, the likeliest first.

    Raises:
        OverBudgetError: the text is over a bound on size or depth.
    """
    texts = [text]
    if _THOUSANDS.search(text):
        texts.insert(0, _THOUSANDS.sub(lambda match: match.group().replace(",", ""), text))
    if _DECIMAL_COMMA.fullmatch(text):
        texts.append(text.replace(",", "."))
    if _SPACED_THOUSANDS.fullmatch(text):
        texts.append(text.replace(" ", ""))
    if scientific := _SCIENTIFIC.fullmatch(text):
        texts.insert(0, rf"{scientific[1]} \times 10^{{{scientific[2]}}}")
    if len(text) > 1 and _IMAGINARY_UNIT.search(text):
        texts.append(_IMAGINARY_UNIT.sub("i", text))
    found = []
    for variant in texts:
        tokens = tokenize(variant)
        found.append(Reading(canonical(tokens), parse_answer(tokens)))
    return tuple(found)
