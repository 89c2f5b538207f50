r"""Whether an answer leaves a derivative to be worked out.

    -\frac{d}{dx}(-5x)   \frac{d(5x)}{dx}   {d \over dx} 5x   \frac{\partial}{\partial x}

Read as letters, the d's of most of them cancel, and what is left may even be the derivative. A d that is a
number (`\frac{d+1}{d}`) is no sign of one.
"""

from __future__ import annotations

from verifiers.math.brackets import closing_index
from verifiers.math.vocabulary import GREEK

_OPERATORS = frozenset({"\\partial", "\\nabla"})
_DIFFERENTIALS = frozenset({"d", "\\delta"})
_QUOTIENTS = frozenset({"/", "\\over"})


def has_derivative(tokens: list[str]) -> bool:
    if not _OPERATORS.isdisjoint(tokens):
        return True
    if _DIFFERENTIALS.isdisjoint(tokens):
        return False
    return any(
        (token == "\\frac" and _is_differential_quotient(tokens, at + 1))
        or (
            token in _QUOTIENTS
            and _is_differential(tokens, _inside(tokens, at + 1))
            and not _DIFFERENTIALS.isdisjoint(tokens[:at])
        )
        for at, token in enumerate(tokens)
    )


def _is_differential_quotient(tokens: list[str], start: int) -> bool:
    """Whether the two arguments of `\\frac` are `d`, perhaps with what is derived, and `dx`."""
    upper = _inside(tokens, start)
    first, second = [*tokens[upper : upper + 2], "", ""][:2]
    if first not in _DIFFERENTIALS or second in ("+", "-"):
        return False
    end = closing_index(tokens, start) if tokens[start] == "{" else start
    return end is not None and _is_differential(tokens, _inside(tokens, end + 1))


def _is_differential(tokens: list[str], at: int) -> bool:
    """`dx`, `d\\theta`"""
    sign, variable = [*tokens[at : at + 2], "", ""][:2]
    return sign in _DIFFERENTIALS and ((len(variable) == 1 and variable.isalpha()) or variable in GREEK)


def _inside(tokens: list[str], at: int) -> int:
    """Index of the first token that is no opening bracket."""
    while at < len(tokens) and tokens[at] in ("{", "("):
        at += 1
    return at
