"""Expression trees: what the parser makes and the evaluation reads.

A node is a `Number`, a `Symbol`, or an `Op` with a name and operands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction
    decimals: int | None = None
    """How many digits stand behind the point; None for an integer."""


@dataclass(frozen=True, slots=True)
class Symbol:
    name: str


@dataclass(frozen=True, slots=True)
class Op:
    name: str
    operands: tuple[Expression, ...]


Expression = Number | Symbol | Op

PI, E, IMAGINARY, INFINITY = Symbol("\\pi"), Symbol("e"), Symbol("i"), Symbol("\\infty")
CONSTANTS = frozenset({PI, E, IMAGINARY, INFINITY})


def symbols_of(expression: Expression) -> set[str]:
    """Names of the free symbols."""
    return {node.name for node in walk(expression) if isinstance(node, Symbol) and node not in CONSTANTS}


def walk(expression: Expression) -> Iterator[Expression]:
    pending = [expression]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Op):
            pending += node.operands


def depth_of(expression: Expression) -> int:
    """How many operations stand upon each other at most."""
    deepest = 0
    pending = [(expression, 1)]
    while pending:
        node, depth = pending.pop()
        if isinstance(node, Op):
            deepest = max(deepest, depth)
            pending += [(operand, depth + 1) for operand in node.operands]
    return deepest
