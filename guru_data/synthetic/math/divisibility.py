r"""Common divisors, common multiples and remainders.

    The greatest common divisor of 84 and 36?   ->   84 = 2*36 + 12; 36 = 3*12 + 0 \boxed{12}

Level 1 asks for the greatest common divisor, 2 for the least common multiple, 3 for a power's remainder.
"""

from __future__ import annotations

from math import gcd, lcm
from random import Random
from typing import ClassVar

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.task import Puzzle

_ASK = "Answer in \\boxed{}."


class DivisibilityTask:
    """Questions about whole numbers that Euclid's algorithm or repeated squaring answers."""

    domain: ClassVar[Domain] = "math"
    verifier: ClassVar[str] = "math"
    data_source: ClassVar[str] = "synthetic__divisibility"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        if level == 3:
            return _power(rng)
        return _common(rng, multiple=level == 2)


def _common(rng: Random, *, multiple: bool) -> Puzzle:
    shared = rng.randint(2, 30)
    small, large = sorted(shared * factor for factor in rng.sample(range(2, 25), 2))
    divisor = gcd(small, large)
    value = lcm(small, large) if multiple else divisor
    name = "least common multiple" if multiple else "greatest common divisor"
    working = _euclid(large, small)
    if multiple:
        working += f"; {large}*{small}/{divisor} = {value}"
    wrong = value * rng.choice((2, 3)) if multiple else divisor + rng.choice((-1, 1))
    return Puzzle(
        content=f"{name} {small} {large}",
        prompt=f"What is the {name} of {large} and {small}?\n{_ASK}",
        ground_truth=str(value),
        worked=f"{working} {boxed(value)}",
        guess=boxed(rng.choice((small, small * large, large - small))),
        wrong=f"{working} {boxed(wrong)}",
    )


def _euclid(large: int, small: int) -> str:
    lines = []
    while small:
        quotient, rest = divmod(large, small)
        lines.append(f"{large} = {quotient}*{small} + {rest}")
        large, small = small, rest
    return "; ".join(lines)


def _power(rng: Random) -> Puzzle:
    modulus, exponent = rng.randint(11, 60), rng.randint(5, 40)
    base = rng.randint(2, modulus - 1)
    value = pow(base, exponent, modulus)
    bits = [base % modulus]
    while 2 ** len(bits) <= exponent:
        bits.append(bits[-1] ** 2 % modulus)
    working = "; ".join(f"{base}^{2**at} = {rest}" for at, rest in enumerate(bits))
    wrong = (value + rng.randint(1, modulus - 1)) % modulus
    return Puzzle(
        content=f"{base}^{exponent} mod {modulus}",
        prompt=f"What is the remainder of {base}^{exponent} divided by {modulus}?\n{_ASK}",
        ground_truth=str(value),
        worked=f"modulo {modulus}: {working}; {base}^{exponent} = {value} {boxed(value)}",
        guess=boxed(rng.randrange(modulus)),
        wrong=f"modulo {modulus}: {working}; {base}^{exponent} = {wrong} {boxed(wrong)}",
    )
