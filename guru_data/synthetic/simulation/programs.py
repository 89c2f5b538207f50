"""Small programs over two integers, as Python text and as what an interpreter of our own makes of them.

    a += b              Update("a", "+=", "b")
    a, b = b, a         Swap()
    for _ in range(3):  Repeat(3, (...))
    if a > b: ...       Branch("a", ">", "b", (...))

`run` computes the states; the text is never executed here. Updates, swaps and repetitions of them can be
undone, so a program without branches and remainders has at most one input for an output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import add, gt, lt, mod, mul, sub
from random import Random

State = dict[str, int]
"""The values of a and b."""

_UPDATES: dict[str, Callable[[int, int], int]] = {"+=": add, "-=": sub, "*=": mul, "%=": mod}
_COMPARISONS: dict[str, Callable[[int, int], int]] = {">": gt, "<": lt}
_INDENT = "    "
LARGEST = 9_999
"""Of any value on the way."""


@dataclass(frozen=True)
class Update:
    """`target sign operand`; the operand is the other variable or a number."""

    target: str
    sign: str
    operand: str | int

    def lines(self) -> list[str]:
        return [f"{self.target} {self.sign} {self.operand}"]

    def run(self, state: State) -> list[State]:
        value = _UPDATES[self.sign](state[self.target], _value(self.operand, state))
        return [{**state, self.target: value}]


@dataclass(frozen=True)
class Swap:
    """Exchanges a and b."""

    def lines(self) -> list[str]:
        return ["a, b = b, a"]

    def run(self, state: State) -> list[State]:
        return [{"a": state["b"], "b": state["a"]}]


@dataclass(frozen=True)
class Repeat:
    """A loop that runs a fixed number of times."""

    times: int
    body: Block

    def lines(self) -> list[str]:
        return [f"for _ in range({self.times}):", *_indented(self.body)]

    def run(self, state: State) -> list[State]:
        return run(self.body * self.times, state)


@dataclass(frozen=True)
class Branch:
    """Statements that run only where a variable is greater or smaller than an operand."""

    variable: str
    sign: str
    operand: str | int
    body: Block

    def lines(self) -> list[str]:
        return [f"if {self.variable} {self.sign} {self.operand}:", *_indented(self.body)]

    def run(self, state: State) -> list[State]:
        holds = _COMPARISONS[self.sign](state[self.variable], _value(self.operand, state))
        return run(self.body, state) if holds else []


Statement = Update | Swap | Repeat | Branch
Block = tuple[Statement, ...]


def run(block: Block, state: State) -> list[State]:
    """The state after each update and swap."""
    states: list[State] = []
    for statement in block:
        states += statement.run(states[-1] if states else state)
    return states


def source(block: Block) -> str:
    """A Python function `main(a, b)` that returns both variables."""
    return "\n".join(["def main(a, b):", *_indented(block), f'{_INDENT}return {{"a": a, "b": b}}'])


def draw_update(rng: Random) -> Update | Swap:
    """A statement that can be undone."""
    if rng.random() < 0.15:
        return Swap()
    target, other = rng.sample("ab", 2)
    sign = rng.choice(("+=", "+=", "-=", "-=", "*="))
    if sign == "*=":
        return Update(target, sign, rng.randint(2, 3))
    return Update(target, sign, other if rng.random() < 0.4 else rng.randint(1, 12))


def draw_run(rng: Random, draw: Callable[[], Block]) -> tuple[Block, State, list[State]]:
    """A program, an input, and the states up to an output that is another; all values are small."""
    while True:
        block, given = draw(), {name: rng.randint(1, 20) for name in "ab"}
        states = run(block, given)
        values = [abs(value) for state in states for value in state.values()]
        if states[-1] != given and max(values) <= LARGEST:
            return block, given, states


def written(states: Sequence[State]) -> str:
    """`a=3 b=5; a=8 b=5`"""
    return "; ".join(" ".join(f"{name}={value}" for name, value in state.items()) for state in states)


def draw_branch(rng: Random) -> Branch:
    """A condition on one variable with two statements."""
    variable, other = rng.sample("ab", 2)
    operand = other if rng.random() < 0.5 else rng.randint(1, 20)
    return Branch(variable, rng.choice("<>"), operand, (draw_update(rng), draw_update(rng)))


def _indented(block: Block) -> list[str]:
    return [f"{_INDENT}{line}" for statement in block for line in statement.lines()]


def _value(operand: str | int, state: State) -> int:
    return state[operand] if isinstance(operand, str) else operand
