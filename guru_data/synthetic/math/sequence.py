r"""Terms of sequences that are given by a rule.

    a(1) = 3, a(n+1) = 2a(n) + 5. a(4)?   ->   3, 11, 27, 59 \boxed{59}

Level 1 has a constant difference and asks for a late term, 2 a linear rule, 3 a rule from two terms.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.math.formulas import signed_sum
from guru_data.synthetic.task import Puzzle


class SequenceTask:
    """One term of a recursive sequence."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__sequence"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        terms, given, rule = _SEQUENCES[level](rng)
        value, text = terms[-1], f"{given}, {rule}"
        working = ", ".join(map(str, terms))
        if level == 1:
            working = f"{terms[0]} + {len(terms) - 1} * ({terms[1] - terms[0]})"
        wrong = rng.choice((value + terms[1] - terms[0], value + 1, value - 10))
        return Puzzle(
            content=f"{text}; {len(terms)}",
            prompt=f"{text}. What is a({len(terms)})?\nAnswer in \\boxed{{}}.",
            ground_truth=str(value),
            worked=f"{working} {boxed(value)}",
            guess=boxed(rng.randint(-500, 500)),
            wrong=f"{working} {boxed(wrong)}",
        )


_Sequence = tuple[list[int], str, str]
"""The terms up to the asked one, what is given, and the rule."""


def _constant_difference(rng: Random) -> _Sequence:
    first, step = rng.randint(1, 30), _nonzero(rng, 12)
    terms = [first + step * at for at in range(rng.randint(15, 60))]
    return terms, f"a(1) = {first}", f"a(n+1) = {signed_sum([(1, 'a(n)'), (step, '')])}"


def _linear(rng: Random) -> _Sequence:
    factor, constant = rng.choice((-3, -2, 2, 3)), _nonzero(rng, 12)
    terms = [rng.randint(1, 30)]
    if factor * terms[0] + constant == terms[0]:
        constant += 1  # else all terms are the same
    for _ in range(rng.randint(3, 5)):
        terms.append(factor * terms[-1] + constant)
    return terms, f"a(1) = {terms[0]}", f"a(n+1) = {signed_sum([(factor, 'a(n)'), (constant, '')])}"


def _two_terms(rng: Random) -> _Sequence:
    near, far = _nonzero(rng, 3), _nonzero(rng, 3)
    terms = rng.sample(range(1, 21), 2)
    for _ in range(rng.randint(3, 6)):
        terms.append(near * terms[-1] + far * terms[-2])
    rule = f"a(n+2) = {signed_sum([(near, 'a(n+1)'), (far, 'a(n)')])}"
    return terms, f"a(1) = {terms[0]}, a(2) = {terms[1]}", rule


def _nonzero(rng: Random, largest: int) -> int:
    return rng.choice([number for number in range(-largest, largest + 1) if number])


_SEQUENCES: dict[Level, Callable[[Random], _Sequence]] = {1: _constant_difference, 2: _linear, 3: _two_terms}
