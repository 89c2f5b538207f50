"""Facts that questions about chemistry need: the first elements, some metals, some ions.

Atomic masses are the conventional ones of IUPAC, to two decimals; melting points and densities are at
normal pressure, rounded, and far enough apart that rounding does not change an order.
"""

from __future__ import annotations

from typing import NamedTuple


class Element(NamedTuple):
    symbol: str
    name: str
    mass: float
    """In g/mol."""


ELEMENTS = (
    Element("H", "hydrogen", 1.01), Element("He", "helium", 4.00), Element("Li", "lithium", 6.94),
    Element("Be", "beryllium", 9.01), Element("B", "boron", 10.81), Element("C", "carbon", 12.01),
    Element("N", "nitrogen", 14.01), Element("O", "oxygen", 16.00), Element("F", "fluorine", 19.00),
    Element("Ne", "neon", 20.18), Element("Na", "sodium", 22.99), Element("Mg", "magnesium", 24.31),
    Element("Al", "aluminium", 26.98), Element("Si", "silicon", 28.09), Element("P", "phosphorus", 30.97),
    Element("S", "sulfur", 32.06), Element("Cl", "chlorine", 35.45), Element("Ar", "argon", 39.95),
    Element("K", "potassium", 39.10), Element("Ca", "calcium", 40.08), Element("Sc", "scandium", 44.96),
    Element("Ti", "titanium", 47.87), Element("V", "vanadium", 50.94), Element("Cr", "chromium", 52.00),
    Element("Mn", "manganese", 54.94), Element("Fe", "iron", 55.85), Element("Co", "cobalt", 58.93),
    Element("Ni", "nickel", 58.69), Element("Cu", "copper", 63.55), Element("Zn", "zinc", 65.38),
    Element("Ga", "gallium", 69.72), Element("Ge", "germanium", 72.63), Element("As", "arsenic", 74.92),
    Element("Se", "selenium", 78.97), Element("Br", "bromine", 79.90), Element("Kr", "krypton", 83.80),
)  # fmt: skip
"""In order of atomic number, from 1."""

MELTING_POINTS_C = {
    "mercury": -39, "potassium": 64, "sodium": 98, "lithium": 181, "tin": 232, "lead": 327, "zinc": 420,
    "magnesium": 650, "calcium": 842, "silver": 962, "gold": 1064, "copper": 1085, "nickel": 1455,
    "iron": 1538, "titanium": 1668, "platinum": 1768, "chromium": 1907, "tungsten": 3422,
}  # fmt: skip
DENSITIES_G_CM3 = {
    "lithium": 0.53, "potassium": 0.86, "sodium": 0.97, "calcium": 1.55, "magnesium": 1.74, "aluminium": 2.70,
    "titanium": 4.51, "zinc": 7.14, "tin": 7.31, "iron": 7.87, "copper": 8.96, "silver": 10.5, "lead": 11.3,
    "mercury": 13.5, "gold": 19.3, "platinum": 21.5,
}  # fmt: skip


class Ion(NamedTuple):
    formula: str
    charge: int
    """Without its sign."""
    atoms: tuple[tuple[str, int], ...]


CATIONS = tuple(
    Ion(symbol, charge, ((symbol, 1),))
    for symbol, charge in (
        ("Li", 1), ("Na", 1), ("K", 1), ("Cu", 2), ("Mg", 2), ("Ca", 2), ("Zn", 2), ("Ni", 2), ("Co", 2),
        ("Al", 3), ("Fe", 3), ("Cr", 3),
    )
)  # fmt: skip
ANIONS = (
    *(Ion(symbol, 1, ((symbol, 1),)) for symbol in ("F", "Cl", "Br")),
    *(Ion(symbol, 2, ((symbol, 1),)) for symbol in ("O", "S")),
    Ion("NO3", 1, (("N", 1), ("O", 3))),
    Ion("OH", 1, (("O", 1), ("H", 1))),
    Ion("SO4", 2, (("S", 1), ("O", 4))),
    Ion("CO3", 2, (("C", 1), ("O", 3))),
    Ion("PO4", 3, (("P", 1), ("O", 4))),
)
