r"""Units of physics and chemistry as a factor and powers of the base units, so that 6000 mN is 6 N.

    "km/h"  "kg m^2 s^{-1}"  "µC"  "newtons"  -->  SIUnit(factor, powers)

Case counts, as it does in the SI: mW is not MW. A symbol that is not in the tables makes the whole unit
unknown (None); scales with an offset (degrees Celsius) are not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

Powers = tuple[int, ...]
"""Exponents of kg, m, s, A, K and mol."""

_PREFIXES = {
    "p": -12, "n": -9, "µ": -6, "μ": -6, "u": -6, "m": -3, "c": -2, "d": -1, "k": 3, "M": 6, "G": 9, "T": 12,
}  # fmt: skip
_SYMBOLS: dict[str, tuple[str, Powers]] = {
    "g": ("1e-3", (1, 0, 0, 0, 0, 0)),
    "m": ("1", (0, 1, 0, 0, 0, 0)),
    "s": ("1", (0, 0, 1, 0, 0, 0)),
    "A": ("1", (0, 0, 0, 1, 0, 0)),
    "K": ("1", (0, 0, 0, 0, 1, 0)),
    "mol": ("1", (0, 0, 0, 0, 0, 1)),
    "min": ("60", (0, 0, 1, 0, 0, 0)),
    "h": ("3600", (0, 0, 1, 0, 0, 0)),
    "hr": ("3600", (0, 0, 1, 0, 0, 0)),
    "L": ("1e-3", (0, 3, 0, 0, 0, 0)),
    "l": ("1e-3", (0, 3, 0, 0, 0, 0)),
    "M": ("1e3", (0, -3, 0, 0, 0, 1)),
    "Hz": ("1", (0, 0, -1, 0, 0, 0)),
    "N": ("1", (1, 1, -2, 0, 0, 0)),
    "Pa": ("1", (1, -1, -2, 0, 0, 0)),
    "bar": ("1e5", (1, -1, -2, 0, 0, 0)),
    "atm": ("101325", (1, -1, -2, 0, 0, 0)),
    "J": ("1", (1, 2, -2, 0, 0, 0)),
    "eV": ("1.602176634e-19", (1, 2, -2, 0, 0, 0)),
    "cal": ("4.184", (1, 2, -2, 0, 0, 0)),
    "W": ("1", (1, 2, -3, 0, 0, 0)),
    "C": ("1", (0, 0, 1, 1, 0, 0)),
    "V": ("1", (1, 2, -3, -1, 0, 0)),
    "Ω": ("1", (1, 2, -3, -2, 0, 0)),
    "F": ("1", (-1, -2, 4, 2, 0, 0)),
    "T": ("1", (1, 0, -2, -1, 0, 0)),
    "Wb": ("1", (1, 2, -2, -1, 0, 0)),
    "H": ("1", (1, 2, -2, -2, 0, 0)),
}
_NAMES = {
    "gram": "g", "meter": "m", "metre": "m", "second": "s", "sec": "s", "ampere": "A", "amp": "A",
    "kelvin": "K", "mole": "mol", "minute": "min", "hour": "h", "liter": "L", "litre": "L", "hertz": "Hz",
    "newton": "N",
    "pascal": "Pa", "joule": "J", "watt": "W", "coulomb": "C", "volt": "V", "ohm": "Ω", "farad": "F",
    "tesla": "T", "weber": "Wb", "henry": "H", "kilogram": "kg", "kilometer": "km", "centimeter": "cm",
    "millimeter": "mm", "kilojoule": "kJ", "kilowatt": "kW", "calorie": "cal",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_TIMES = re.compile(r"\\cdot|\\times|[·⋅*×~]")
_MARKUP = re.compile(r"\\(?:text|mathrm|mathbf|mbox|operatorname)\b|\\[,!;: ]|[{}()]")
_PART = re.compile(r"\s*(?P<over>/|\bper\b)?\s*(?P<symbol>[A-Za-zµμΩ]+)\^?(?P<power>-?\d)?")
MAX_CHARS = 60


@dataclass(frozen=True)
class SIUnit:
    factor: Fraction
    """What one of it is in base units."""
    powers: Powers


def read_si_unit(text: str) -> SIUnit | None:
    """The unit that a text consists of; None where it holds anything unknown."""
    if len(text) > MAX_CHARS:
        return None
    text = _TIMES.sub(" ", _MARKUP.sub(" ", text.replace(r"\Omega", "Ω").replace(r"\mu", "µ")))
    text = re.sub(r"\^\s+", "^", text.translate(_SUPERSCRIPTS)).strip()
    factor, below, at = Fraction(1), 1, 0
    powers: Powers = (0,) * 6
    while at < len(text):
        part = _PART.match(text, at)
        found = None if part is None else _symbol(part["symbol"])
        if part is None or found is None:
            return None
        below = -1 if part["over"] else below
        power = below * int(part["power"] or 1)
        factor *= found.factor**power
        powers = tuple(have + power * more for have, more in zip(powers, found.powers, strict=True))
        at = part.end()
    return SIUnit(factor, powers) if at else None


def _symbol(text: str) -> SIUnit | None:
    """A symbol, a symbol behind a prefix, or a name in any case and number."""
    if text in _SYMBOLS:
        factor, powers = _SYMBOLS[text]
        return SIUnit(Fraction(factor), powers)
    if text[0] in _PREFIXES and text[1:] in _SYMBOLS:
        factor, powers = _SYMBOLS[text[1:]]
        return SIUnit(Fraction(factor) * Fraction(10) ** _PREFIXES[text[0]], powers)
    name = _NAMES.get(text.lower()) or _NAMES.get(text.lower().removesuffix("s"))
    return None if name is None else _symbol(name)
