"""Which words behind a number are its unit, and which make the whole thing something else.

    "km/h", "dollars", "°C"   a unit that is known: it may be left out on the other side
    "students", "goals"       what is counted, perhaps: known to nobody, but no part of the value either
    "billion", "x", "or six"  part of the value, or of another one

Case counts: 50 Cent is a musician.
"""

from __future__ import annotations

import re

from verifiers.si_units import read_si_unit

_UNITS = """
second seconds minute minutes hour hours hrs day days week weeks month months year years yr yrs
dollar dollars cent cents euro euros pound pounds USD EUR GBP CAD AUD yen
people person persons percent points point pts times unit units degree degrees deg ° °C °F rad radians
inch inches ft feet foot yd yard yards mi mile miles mph km cm mm kph kmh meters metres meter metre
kilometers kilometres kilometer kilometre acres acre hectares hectare ha
gram grams kg kilogram kilograms lb lbs oz ounce ounces ton tons tonne tonnes amu
liter liters litre litres gal gallon gallons mL
Hz kHz MHz GHz kWh MWh Bq Ci dB ppm ppb rpm Torr torr mmHg psi kcal cal Btu BTU
"""
_VALUES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand
thousands million millions billion billions trillion trillions dozen dozens score half halves third thirds
quarter quarters double triple squared cubed
plus minus over divided multiplied mod modulo factorial choose
or and to not if vs versus but maybe perhaps possibly probably could might may either neither nor else
otherwise unless approximately about around nearly almost roughly likely unsure guess between more less
than least most
"""
_WORDS, _PART_OF_A_VALUE = frozenset(_UNITS.split()), frozenset(_VALUES.split())
_COUNTED = re.compile(r"[A-Za-z]{3,}(?:[ -][A-Za-z]{2,})*")
_JOINT = re.compile(r"\s+per\s+|\s*/\s*|\s+")


def is_known_unit(text: str) -> bool:
    """Whether a text is a unit of the SI or of everyday life, or made of such (`dollars per hour`)."""
    text = text.strip()
    return bool(text) and (
        read_si_unit(text) is not None
        or all(part in _WORDS or read_si_unit(part) is not None for part in _JOINT.split(text))
    )


def is_everyday_unit(text: str) -> bool:
    """The same without the symbols of the SI, of which many mean something else in a table: 3M, 5 pm, 2 K."""
    return bool(text.strip()) and all(part in _WORDS for part in _JOINT.split(text.strip()))


def may_be_counted(text: str) -> bool:
    """Whether a text can be what a number counts: words, and none that belongs to a value."""
    return is_everyday_unit(text) or (
        _COUNTED.fullmatch(text) is not None and _PART_OF_A_VALUE.isdisjoint(re.split(r"[ -]", text.lower()))
    )
