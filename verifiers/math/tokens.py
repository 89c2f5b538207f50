r"""Cut an answer, LaTeX or plain, into tokens that mean the same where the answers do.

    "\left( \tfrac12, x\cdot y \right]"  ->  ["(", "\frac", "1", "2", ",", "x", "*", "y", "]"]

Sizes, spacing and styles are dropped and synonyms mapped to one spelling, so equal token lists are equal
answers already. A token is a string: a number (`12.5`), an operator or bracket, a letter, a command (`\pi`),
a text of several words (`'square units`, with a leading apostrophe), `\{` and `\}` for the braces of sets.
"""

from __future__ import annotations

import re

from verifiers.math.errors import OverBudgetError
from verifiers.math.spelling import respelled
from verifiers.math.units import UNIT_LETTERS
from verifiers.math.vocabulary import (
    CHARACTERS,
    DROPPED,
    FUNCTION_SYNONYMS,
    FUNCTIONS,
    NAMED,
    SYNONYMS,
    TEXT_COMMANDS,
    WORDS,
    WRAPPERS,
)

MAX_CHARS = 20_000
MAX_TOKENS = 3_000
MAX_DEPTH = 12
MAX_SCRIPT_TOKENS = 64
"""Longer scripts keep their place in the canonical form."""

_TOKEN = re.compile(
    r"(?P<space>\s+|~|\\[,;:!> ()\[\]]|\\\s|\\$)"
    r"|(?P<row>\\\\)"
    r"|(?P<escaped>\\[{}%$&#_|])"
    r"|\\(?P<command>[A-Za-z]+)"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<operator>\*\*|<=|>=|!=|=<|==)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_GROUPING = re.compile(r"(?<=\d)(?:\{,\}|,?\\[,!]|\\ )(?=\d{3}(?!\d))")
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z])")
_TEXT_PART = re.compile(r"[^\W\d_]+|[^\s.~]")
_LETTERS = re.compile(r"[A-Za-z]+")
_UNIT_PART = re.compile(r"[A-Za-z]+|[/^{}-]|\d")
_ENDS_NUMBER = frozenset({"}", ")", "\\pi", "\\circ"})
_PERCENT = {"percent": "%", "percentage": "%"}
_EMPTY_SCRIPT = re.compile(r"[_^]\{\s*\}")


def tokenize(text: str, depth: int = 0) -> list[str]:
    """The tokens of an answer, or of a text `depth` commands deep in one.

    Raises:
        OverBudgetError: more than `MAX_CHARS`, `MAX_TOKENS` or `MAX_DEPTH`.
    """
    if len(text) > MAX_CHARS:
        raise OverBudgetError(f"{len(text)} characters")
    if depth > MAX_DEPTH:
        raise OverBudgetError(f"commands nested deeper than {MAX_DEPTH}")
    text = respelled(text)
    text = _GROUPING.sub(
        "", text.replace("$", "") if "\\$" not in text else text.replace("\\$", "").replace("$", "")
    )
    if "\\begin" not in text:
        text = _DOUBLED.sub(r"\\", text)
    text = _EMPTY_SCRIPT.sub("", text)
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes any character
        position = match.end()
        if match.lastgroup == "command":
            position = _command(match.group("command"), text, position, tokens, depth)
        else:
            _add(match.lastgroup or "", match.group(), tokens)
        if len(tokens) > MAX_TOKENS:
            raise OverBudgetError(f"more than {MAX_TOKENS} tokens")
    while tokens and tokens[-1] in (".", ",", ";", "^"):
        tokens.pop()
    if "\\equiv" in tokens:
        return ["\\pmod" if token in ("\\bmod", "\\mod") else token for token in tokens]
    return tokens


def _add(kind: str, found: str, tokens: list[str]) -> None:
    if kind == "space":
        return
    if kind == "word":
        tokens += _word(found)
    elif kind == "number":
        tokens.append(found)
    elif kind == "escaped":
        tokens.append({"\\%": "%", "\\{": "\\{", "\\}": "\\}", "\\|": "|"}.get(found, found[1:]))
    elif kind == "operator":
        tokens.append({"**": "^", "=<": "<=", "==": "="}.get(found, found))
    else:
        tokens.append(CHARACTERS.get(found, found))


def _word(word: str) -> list[str]:
    """A run of letters: a function, a named constant, a word of English, or a product of symbols."""
    lowered = FUNCTION_SYNONYMS.get(word.lower(), word.lower())
    if lowered in FUNCTIONS:
        return [f"\\{lowered}"]
    if word in NAMED:
        return [SYNONYMS.get(word, f"\\{word}")]
    if len(word) == 1:
        return [word]
    if lowered in WORDS or (len(word) >= 4 and not word.isupper()):
        return [_PERCENT.get(lowered, f"'{lowered}")]
    return list(word)


def _command(name: str, text: str, position: int, tokens: list[str], depth: int) -> int:
    """Append what a command means and return where reading goes on."""
    if name in TEXT_COMMANDS:
        content, position = _braced(text, position)
        tokens += _unit_text(content, tokens) or _text(content, depth)
    elif name in WRAPPERS:
        content, position = _braced(text, position)
        tokens += _wrapped(name, content, depth)
    elif name == "mathbb":
        content, position = _braced(text, position)
        tokens.append(f"\\mathbb:{content.strip()}")
    elif name in ("begin", "end"):
        content, position = _braced(text, position)
        tokens.append(f"\\{name}:{content.strip().rstrip('*')}")
    elif name not in DROPPED:
        lowered = FUNCTION_SYNONYMS.get(name, name)
        tokens.append(SYNONYMS.get(name, f"\\{lowered}"))
    return position


def _wrapped(name: str, content: str, depth: int) -> list[str]:
    """`\\bar{z}` over one letter is its conjugate (or a mean); other decorations are dropped."""
    content = content.strip()
    complex_number = name == "overline" and content.endswith("i") and content[:1].isdecimal()
    if complex_number or (name in ("overline", "bar") and len(content) == 1 and content.islower()):
        return ["\\conjugate", "(", *tokenize(content, depth + 1), ")"]
    return ["{", *tokenize(content, depth + 1), "}"]


def _unit_text(content: str, before: list[str]) -> list[str]:
    """The words of `\\text{ m/s^2}` right behind a number; empty where it cannot be a unit."""
    words = _LETTERS.findall(content)
    if not before or not words or not (before[-1][-1].isdecimal() or before[-1] in _ENDS_NUMBER):
        return []
    if _LETTERS.sub("", content).strip("~. /*·^{}-0123456789\\") or any(map(_is_no_unit, words)):
        return []
    return [
        f"'{part if len(part) == 1 else part.lower()}" if part.isalpha() else part
        for part in _UNIT_PART.findall(content)
    ]


def _is_no_unit(word: str) -> bool:
    if len(word) == 1:
        return word not in UNIT_LETTERS
    return word.lower() in FUNCTIONS or word.lower() in _PERCENT


def _text(content: str, depth: int) -> list[str]:
    """The content of `\\text{...}`: its words one by one, a letter as a symbol, formulas in it as
    formulas."""
    if any(char.isdecimal() or char in "\\$^{" for char in content):
        return tokenize(content, depth + 1)
    tokens: list[str] = []
    for word in _TEXT_PART.findall(content):
        if len(word) == 1 or FUNCTION_SYNONYMS.get(word, word) in FUNCTIONS:
            tokens += _word(word)
        else:
            tokens.append(_PERCENT.get(word.lower(), f"'{word.lower()}"))
    return tokens


def _braced(text: str, position: int) -> tuple[str, int]:
    """The content of the braces at `position`, or one character where there are none."""
    while position < len(text) and text[position].isspace():
        position += 1
    if position >= len(text) or text[position] != "{":
        return text[position : position + 1], position + 1
    depth = 0
    for at in range(position, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return text[position + 1 : at], at + 1
    return text[position + 1 :], len(text)


def canonical(tokens: list[str]) -> tuple[str, ...]:
    """The same tokens without braces around a single one, and with subscripts before superscripts."""
    bare: list[str] = []
    position = 0
    while position < len(tokens):
        if tokens[position] == "{" and tokens[position + 2 : position + 3] == ["}"]:
            bare.append(tokens[position + 1])
            position += 3
        else:
            bare.append(tokens[position])
            position += 1
    for at in range(len(bare)):
        if bare[at] == "^":
            upper = _group_end(bare, at + 1)
            if bare[upper : upper + 1] == ["_"]:
                lower = _group_end(bare, upper + 1)
                bare[at:lower] = bare[upper:lower] + bare[at:upper]
    return tuple(bare)


def _group_end(tokens: list[str], start: int) -> int:
    """Index behind the braced group or the single token at `start`."""
    depth = 0
    for index in range(start, min(len(tokens), start + MAX_SCRIPT_TOKENS)):
        depth += (tokens[index] == "{") - (tokens[index] == "}")
        if depth <= 0:
            return index + 1
    return start
