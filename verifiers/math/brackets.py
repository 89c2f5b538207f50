"""Brackets in a list of tokens: which one closes which, and what stands outside all of them."""

from __future__ import annotations

from verifiers.math.errors import OverBudgetError

MAX_PARTS = 200

OPENING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "\\langle": "\\rangle"}
_CLOSERS = frozenset(OPENING.values())


def closing_index(tokens: list[str], start: int) -> int | None:
    """Index of the bracket that closes the one at `start`. Intervals may close with another kind."""
    depth = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token in OPENING or token.startswith("\\begin:"):
            depth += 1
        elif token in _CLOSERS or token.startswith("\\end:"):
            depth -= 1
            if depth == 0:
                return index
    return None


def split_outside(tokens: list[str], separators: frozenset[str]) -> tuple[list[list[str]], list[str]]:
    """Pieces between separators that stand outside all brackets, and the separators.

    Raises:
        OverBudgetError: more than `MAX_PARTS` pieces.
    """
    pieces: list[list[str]] = [[]]
    found: list[str] = []
    depth = 0
    for token in tokens:
        if token in OPENING or token.startswith("\\begin:"):
            depth += 1
        elif token in _CLOSERS or token.startswith("\\end:"):
            depth -= 1
        if depth == 0 and token in separators:
            found.append(token)
            pieces.append([])
        else:
            pieces[-1].append(token)
    if len(pieces) > MAX_PARTS:
        raise OverBudgetError(f"an answer of more than {MAX_PARTS} parts")
    return pieces, found


def without_outer_braces(tokens: list[str]) -> list[str]:
    while len(tokens) > 1 and tokens[0] == "{" and closing_index(tokens, 0) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens
