"""Read Python and JSON literals out of model text, without `eval` and with bounds.

    "{'a': [1, 2.5, True], \"b\": null,}" -> {"a": [1, 2.5, True], "b": None}

One hand-written scanner for both languages, because models mix them: single and double quotes, `true` and
`True`, `null` and `None`, tuples (read as lists), trailing commas. Depth and length are bounded, so a hostile
text is a `LiteralSyntaxError` and never a crash. Comparing values is left to the callers.
"""

from __future__ import annotations

import re
import sys

from pydantic import JsonValue

MAX_DEPTH = 60
MAX_CHARS = 1_000_000
MAX_NUMBER_CHARS = 400

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?")
_WORD = re.compile(r"[A-Za-z_]\w*")
_WORDS: dict[str, JsonValue] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "None": None,
}
_CODE_POINT = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_CLOSE = {"[": "]", "(": ")"}


class LiteralSyntaxError(ValueError):
    """The text is not a literal, or is too big or too deep. Translated by each verifier into a verdict or an
    error."""


def parse_literal(text: str) -> JsonValue:
    """Read exactly one literal.

    Raises:
        LiteralSyntaxError: not a literal, something after it, or over the bounds.
    """
    value, end = read_literal(text, 0)
    if text[end:].strip():
        raise LiteralSyntaxError(f"text after the literal at {end}")
    return value


def read_literal(text: str, start: int) -> tuple[JsonValue, int]:
    """Read the literal that begins at `start` and return it with the index behind it."""
    if len(text) > MAX_CHARS:
        raise LiteralSyntaxError(f"{len(text)} characters, at most {MAX_CHARS}")
    return _value(text, start, 0)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _value(text: str, at: int, depth: int) -> tuple[JsonValue, int]:
    at = _skip(text, at)
    if depth > MAX_DEPTH:
        raise LiteralSyntaxError(f"nested deeper than {MAX_DEPTH}")
    if at >= len(text):
        raise LiteralSyntaxError("the text ends where a value should be")
    char = text[at]
    if char == "{":
        return _mapping(text, at + 1, depth)
    if char in _CLOSE:
        return _sequence(text, at + 1, _CLOSE[char], depth)
    if char in "\"'":
        return _string(text, at)
    if match := _NUMBER.match(text, at):
        return _number(match.group()), match.end()
    if (match := _WORD.match(text, at)) and match.group() in _WORDS:
        return _WORDS[match.group()], match.end()
    raise LiteralSyntaxError(f"no literal at {at}: {text[at : at + 20]!r}")


def _number(digits: str) -> int | float:
    if len(digits) > MAX_NUMBER_CHARS:
        raise LiteralSyntaxError(f"a number of {len(digits)} characters")
    return int(digits) if digits.lstrip("+-").isdecimal() else float(digits)


def _string(text: str, at: int) -> tuple[str, int]:
    quote, at = text[at], at + 1
    parts: list[str] = []
    while at < len(text):
        char = text[at]
        if char == quote:
            return _with_joined_surrogates("".join(parts)), at + 1
        if char == "\\" and at + 1 < len(text):
            if code := _CODE_POINT.match(text, at):
                parts.append(chr(min(int(code.group()[2:], 16), sys.maxunicode)))
                at = code.end()
                continue
            parts.append(_ESCAPES.get(text[at + 1], text[at + 1]))
            at += 2
            continue
        parts.append(char)
        at += 1
    raise LiteralSyntaxError("a string without its closing quote")


def _with_joined_surrogates(text: str) -> str:
    r"""JSON writes what lies beyond U+FFFF as two escapes (`"\ud83d\ude00"`)."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _sequence(text: str, at: int, close: str, depth: int) -> tuple[JsonValue, int]:
    items: list[JsonValue] = []
    at = _skip(text, at)
    while at < len(text) and text[at] != close:
        item, at = _value(text, at, depth + 1)
        items.append(item)
        at = _after_item(text, at, close)
    if at >= len(text):
        raise LiteralSyntaxError(f"no closing {close!r}")
    return items, at + 1


def _mapping(text: str, at: int, depth: int) -> tuple[JsonValue, int]:
    pairs: dict[str, JsonValue] = {}
    at = _skip(text, at)
    while at < len(text) and text[at] != "}":
        key, at = _value(text, at, depth + 1)
        at = _skip(text, at)
        if at >= len(text) or text[at] != ":":
            raise LiteralSyntaxError(f"no ':' behind the key at {at}")
        value, at = _value(text, at + 1, depth + 1)
        pairs[key if isinstance(key, str) else str(key)] = value
        at = _after_item(text, at, "}")
    if at >= len(text):
        raise LiteralSyntaxError("no closing '}'")
    return pairs, at + 1


def _after_item(text: str, at: int, close: str) -> int:
    at = _skip(text, at)
    if at < len(text) and text[at] == ",":
        return _skip(text, at + 1)
    if at < len(text) and text[at] == close:
        return at
    raise LiteralSyntaxError(f"no ',' or {close!r} at {at}")
