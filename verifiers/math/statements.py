"""Sentences that state an answer: "The answer is 7 because ...", "Final Answer: **7**"."""

from __future__ import annotations

import re

from verifiers.math.conclusions import SENTENCE_WORDS, conclusion_of, plain_words

MAX_STATED_WORDS = 4
"""A statement of more words than this is a sentence, and cut down to its formula or number."""

_STATEMENT = re.compile(r"\banswers?(?:\s+(?:is|are)\b)?\s*[:=]?\**(?:\s+(?:is|are)\b)?\s*:?", re.IGNORECASE)
_SENTENCE_END = re.compile(r"\.(?=\s|$)|(?<=[^\\])\n|[。]|,?\s+(?:since|because|which|where)\b")
_REMARK = re.compile(r"(?<=[\d}$%])\s*\((?!or\b|and\b)[A-Za-z≈~][^()]*\)$")
_QUOTES = "'`\""


def statements(text: str) -> list[str]:
    """What follows the last "answer is" or "answer:"; all of them where the last lines each state an
    answer."""
    found: list[str] = []
    end = len(text)
    for match in reversed(list(_STATEMENT.finditer(text))):
        rest = text[match.end() : end]
        if found and not (rest.endswith("\n") and "\n" not in rest.strip()):
            break
        stated = _first_sentence(rest)
        if stated:
            found.append(concluding_part(stated))
        end = match.start()
    return found[::-1]


def concluding_part(sentence: str) -> str:
    """A statement that is itself a sentence ("the volume is 120") is cut down to its formula or number."""
    words = plain_words(sentence)
    connected = [word for word in words if word.lower() not in ("and", "or")]
    if len(connected) <= MAX_STATED_WORDS and not any(word.lower() in SENTENCE_WORDS for word in words):
        return sentence
    return conclusion_of(sentence) or sentence


def _first_sentence(text: str) -> str:
    """Up to the first period that ends a sentence, the reason given, or the first blank line."""
    text = text.strip().split("\n\n", 1)[0]
    sentence = _SENTENCE_END.split(text, maxsplit=1)[0].strip().strip('*"“” ').lstrip("}").rstrip(".")
    sentence = _REMARK.sub("", sentence)
    quoted = len(sentence) > 2 and sentence[0] == sentence[-1] and sentence[0] in _QUOTES
    return sentence[1:-1] if quoted else sentence
