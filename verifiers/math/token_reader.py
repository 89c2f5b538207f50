r"""Read a list of tokens from left to right: the plain parts of the expression parser.

Symbols with primes and subscripts, and numbers, are read here; what they are combined to is left to
`expressions`.
"""

from __future__ import annotations

from fractions import Fraction

from verifiers.math.errors import OverBudgetError, UnreadableError
from verifiers.math.tree import Number, Symbol

MAX_DEPTH = 100
"""Brackets count twice, as a group and as an atom."""
MAX_DIGITS = 4_000


class TokenReader:
    """`at` is the index of the next token."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self.at = 0
        self._depth = 0

    def _peek(self, ahead: int = 0) -> str:
        return self._tokens[self.at + ahead] if self.at + ahead < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise UnreadableError("ends too early")
        self.at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise UnreadableError(f"no {token!r}")

    def _go_deeper(self) -> None:
        """Count one level; whoever calls this takes it back by `self._depth -= 1`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise OverBudgetError(f"nested deeper than {MAX_DEPTH}")

    def _small_fraction(self, at: int) -> tuple[int, int, int] | None:
        """Numerator, denominator and end of `{3}{4}` or `34`, if both are integers."""
        values = []
        for _ in range(2):
            part = self._tokens[at : at + 3]
            if part[:1] == ["{"] and part[2:] == ["}"] and part[1].isdecimal():
                values.append(read_integer(part[1]))
                at += 3
            elif part and part[0].isdecimal() and len(part[0]) == 2 and not values:
                return int(part[0][0]), int(part[0][1]), at + 1
            elif part and part[0].isdecimal() and len(part[0]) == 1:
                values.append(int(part[0]))
                at += 1
            else:
                return None
        return values[0], values[1], at

    def _skip_base_ten(self) -> None:
        """`12_{10}` is 12; numbers in other bases are compared as they are written."""
        for subscript in (["_", "{", "10", "}"], ["_", "10"]):
            if self._tokens[self.at : self.at + len(subscript)] == subscript:
                self.at += len(subscript)

    def _subscripted(self, name: str) -> Symbol:
        name += self._primes()
        if self._peek() != "_":
            return Symbol(name)
        self._take()
        parts = []
        if self._peek() != "{":
            parts.append(self._take())
        else:
            self._take()
            while self._peek() != "}":
                parts.append(self._take())
            self._take()
        return Symbol(f"{name}{self._primes()}_{''.join(parts)}")

    def _primes(self) -> str:
        primes = ""
        while self._peek() == "'":
            primes += self._take()
        return primes


def read_number(token: str) -> Number:
    whole, point, decimals = token.partition(".")
    if not point:
        return Number(Fraction(read_integer(whole)))
    if len(token) > MAX_DIGITS:
        raise OverBudgetError(f"a number of {len(token)} digits")
    return Number(Fraction(token), len(decimals))


def read_integer(token: str) -> int:
    if len(token) > MAX_DIGITS:
        raise OverBudgetError(f"a number of {len(token)} digits")
    return int(token)
