r"""Multiple choice in chemistry, with four options.

    Which of these has the highest melting point?  A) tin  B) iron  C) gold  D) lead   ->   \boxed{B}

Level 1 compares facts, 2 amounts of substance (which have to be computed), 3 asks for the mass of a salt.
The question and its options make the problem; their order does not.
"""

from __future__ import annotations

from math import lcm
from random import Random
from typing import ClassVar, NamedTuple

from guru_data.config import Level
from guru_data.problem import Domain
from guru_data.references import boxed
from guru_data.synthetic.science.substances import (
    ANIONS,
    CATIONS,
    DENSITIES_G_CM3,
    ELEMENTS,
    MELTING_POINTS_C,
    Element,
    Ion,
)
from guru_data.synthetic.task import Puzzle

_LETTERS = "ABCD"
_MASSES = {element.symbol: element.mass for element in ELEMENTS}
_FACTS: dict[str, dict[str, float]] = {
    "atomic number": {element.name: float(at + 1) for at, element in enumerate(ELEMENTS)},
    "melting point": {name: float(value) for name, value in MELTING_POINTS_C.items()},
    "density at 20 degrees Celsius, as a liquid or a solid": dict(DENSITIES_G_CM3),
}


class _Question(NamedTuple):
    text: str
    options: tuple[str, ...]
    """The right one first."""
    working: str


class MultipleChoiceTask:
    """Which of four options is right."""

    domain: ClassVar[Domain] = "science"
    verifier: ClassVar[str] = "choice"
    data_source: ClassVar[str] = "synthetic__multiple_choice"
    usual_level: ClassVar[Level] = 1

    def draw(self, rng: Random, level: Level) -> Puzzle:
        question = {1: _fact, 2: _amount, 3: _salt}[level](rng)
        options = rng.sample(question.options, len(_LETTERS))
        listed = "\n".join(f"{letter}) {option}" for letter, option in zip(_LETTERS, options, strict=True))
        right = _LETTERS[options.index(question.options[0])]
        return Puzzle(
            content=f"{question.text} {sorted(options)}",
            prompt=f"{question.text}\n{listed}\nAnswer with the letter in \\boxed{{}}.",
            ground_truth=right,
            worked=f"{question.working} {boxed(right)}",
            guess=boxed(rng.choice(_LETTERS)),
            wrong=f"{question.working} {boxed(rng.choice(_LETTERS.replace(right, '')))}",
        )


def _fact(rng: Random) -> _Question:
    name, values = rng.choice(list(_FACTS.items()))
    largest = rng.random() < 0.5
    options = sorted(rng.sample(sorted(values), 4), key=values.__getitem__, reverse=largest)
    compared = ", ".join(f"{option} {values[option]:g}" for option in options)
    word = "highest" if largest else "lowest"
    return _Question(f"Which of these elements has the {word} {name}?", tuple(options), compared)


def _amount(rng: Random) -> _Question:
    """Four masses, of which one holds clearly more moles than the others."""
    while True:
        samples = [(rng.randint(2, 400), element) for element in rng.sample(ELEMENTS, 4)]
        samples.sort(key=_moles, reverse=True)
        if _moles(samples[0]) > 1.05 * _moles(samples[1]):
            break
    options = tuple(f"{mass} g of {element.name}" for mass, element in samples)
    computed = ", ".join(
        f"{mass}/{element.mass} = {_moles((mass, element)):.3g}" for mass, element in samples
    )
    return _Question("Which of these samples holds the most atoms?", options, f"moles: {computed}")


def _moles(sample: tuple[int, Element]) -> float:
    mass, element = sample
    return mass / element.mass


def _salt(rng: Random) -> _Question:
    cation, anion = rng.choice(CATIONS), rng.choice(ANIONS)
    shared = lcm(cation.charge, anion.charge)
    cations, anions = shared // cation.charge, shared // anion.charge
    amount = rng.randint(2, 60) / 4
    molar = cations * _ion_mass(cation) + anions * _ion_mass(anion)
    slips = {
        f"{mass * amount:.1f} g"
        for mass in (
            _ion_mass(cation) + _ion_mass(anion), molar + _ion_mass(anion), molar + _ion_mass(cation),
            molar + 2 * _ion_mass(anion), molar + 1.5 * _ion_mass(cation), molar * 2,
        )
    }  # fmt: skip
    right = f"{molar * amount:.1f} g"
    others = rng.sample(sorted(slips - {right}), 3)
    formula = f"{_counted(cation, cations)}{_counted(anion, anions)}"
    working = f"M({formula}) = {molar:.2f} g/mol; {amount:g} * {molar:.2f} = {right}"
    return _Question(f"What is the mass of {amount:g} mol of {formula}?", (right, *others), working)


def _ion_mass(ion: Ion) -> float:
    return sum(_MASSES[symbol] * count for symbol, count in ion.atoms)


def _counted(ion: Ion, count: int) -> str:
    """`Cl2`, `(SO4)3`"""
    if count == 1:
        return ion.formula
    return f"({ion.formula}){count}" if len(ion.atoms) > 1 else f"{ion.formula}{count}"
