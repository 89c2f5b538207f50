r"""Names on the left of an equals sign: `x = 5`, `f(x) = 2x`, `\angle ABC = 40`, `(x, y) = (1, 2)`, `A:B =
1`.

A label says what a value is called and takes no part in the comparison; `11a + c = 7` has none, because there
the left side is part of what is claimed. What is called wrong has none either.
"""

from __future__ import annotations

import re

from verifiers.math.vocabulary import DENIALS

MAX_LABEL_TOKENS = 16

_ALLOWED = re.compile(r"[A-Za-z]|'|'\w+|\\(?:[A-Za-z]+)|[_{}(),:]|\d+")
_QUOTIENT = re.compile(r"\\frac\{(?:d[a-z]\}\{d[a-z]|[a-df-hj-z]\}\{[a-df-hj-z])\}")
"""`dy/dx`, and `m/n` where a fraction is asked for."""
_FORBIDDEN = frozenset(
    {
        "e",
        "i",
        "\\pi",
        "\\infty",
        "\\sqrt",
        "\\binom",
        "\\int",
        "\\sum",
        "\\sin",
        "\\cos",
        "\\tan",
        "\\log",
        "\\ln",
    }
)


def is_label(tokens: tuple[str, ...]) -> bool:
    """Whether a side of an equation is only a name."""
    if _QUOTIENT.fullmatch("".join(tokens)):
        return True
    if not 0 < len(tokens) <= MAX_LABEL_TOKENS or not all(map(_ALLOWED.fullmatch, tokens)):
        return False
    if any(token in _FORBIDDEN or token.lstrip("'") in DENIALS for token in tokens):
        return False
    bare = _without_details(tokens)
    letters = [token for token in bare if token.isalpha() or token.startswith(("\\", "'"))]
    if not letters or any(token.isdecimal() for token in bare):
        return False
    lower = [token for token in letters if len(token) == 1 and token.islower()]
    return len(lower) <= 1 or bare[0] == "("


def is_sum_of_names(tokens: tuple[str, ...]) -> bool:
    """`m + n`, `a + b + c`: what a problem asks for by its last sentence."""
    names, signs = tokens[::2], tokens[1::2]
    return (
        bool(signs)
        and set(signs) == {"+"}
        and len(set(names)) == len(names) == len(signs) + 1
        and all(len(name) == 1 and name.isalpha() for name in names)
    )


def function_variable(tokens: tuple[str, ...]) -> str | None:
    """The `x` of `f(x)`; None for other labels."""
    if (
        len(tokens) == 4
        and tokens[1] == "("
        and tokens[3] == ")"
        and tokens[0].isalpha()
        and tokens[2].isalpha()
    ):
        return tokens[2]
    return None


def same_name(reference: tuple[str, ...], answer: tuple[str, ...]) -> bool:
    """Whether two labels may name the same thing. Only two different single symbols surely do not."""
    single = len(reference) == 1 and len(answer) == 1 and reference[0].isalpha() and answer[0].isalpha()
    return not single or reference == answer


def _without_details(tokens: tuple[str, ...]) -> list[str]:
    """Tokens without subscripts and without the arguments of a call."""
    bare: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token == "_" or (token == "(" and bare):
            position = _behind_group(tokens, position + (token == "_"))
            continue
        if token not in ("{", "}"):
            bare.append(token)
        position += 1
    return bare


def _behind_group(tokens: tuple[str, ...], start: int) -> int:
    """Index behind the bracketed group at `start`, or behind the one token there."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index] in ("(", "{")) - (tokens[index] in (")", "}"))
        if depth <= 0:
            return index + 1
    return len(tokens)
