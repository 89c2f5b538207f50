"""Small integer expressions: in words, in Python, and their value. Nothing is evaluated as code.

Terms joined by `times`, `plus` and `minus`, read with the usual precedence, as Python reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from guru_data.config import Level

_SIGNS = {"times": "*", "plus": "+", "minus": "-"}
_CONSTANTS = range(2, 100)


@dataclass(frozen=True)
class Expression:
    """Terms (`a`, `b` or a number) and the operations between them, one fewer."""

    terms: tuple[str | int, ...]
    operations: tuple[str, ...]

    @property
    def words(self) -> str:
        """`a times 3 plus b`"""
        return self._join(self.operations)

    @property
    def code(self) -> str:
        """`a * 3 + b`"""
        return self._join(tuple(_SIGNS[operation] for operation in self.operations))

    def value(self, a: int, b: int) -> int:
        """What the code evaluates to: a sum of signed products."""
        first, *rest = [{"a": a, "b": b}[term] if isinstance(term, str) else term for term in self.terms]
        total, product = 0, first
        for operation, factor in zip(self.operations, rest, strict=True):
            if operation == "times":
                product *= factor
            else:
                total += product
                product = factor if operation == "plus" else -factor
        return total + product

    def _join(self, between: tuple[str, ...]) -> str:
        pieces = [str(self.terms[0])]
        for word, term in zip(between, self.terms[1:], strict=True):
            pieces += [word, str(term)]
        return " ".join(pieces)


def draw_expression(rng: Random, level: Level) -> Expression:
    """An expression in a and b, each once, and `level` numbers."""
    terms: list[str | int] = ["a", "b", *rng.sample(_CONSTANTS, level)]
    rng.shuffle(terms)
    operations = tuple(rng.choice(tuple(_SIGNS)) for _ in terms[1:])
    return Expression(tuple(terms), operations)
