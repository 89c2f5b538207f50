"""Words behind a number that are not its unit, although nobody knows all the things that can be counted.

12 apples, 12 ordered pairs      a unit that may be left out
12 plus one, 12 is wrong         part of another value, or a remark on this one
"""

from __future__ import annotations

from verifiers.math.units import UNIT_LETTERS
from verifiers.math.vocabulary import DENIALS

MAX_WORDS = 3
"""More words than this are a sentence."""

_COUNTS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundreds thousands millions
billions trillions dozens score half halves third thirds quarter fourth fourths fifth fifths sixth sixths
seventh sevenths eighth eighths ninth ninths tenth tenths hundredth hundredths thousandth thousandths
millionth millionths double triple twice thrice permille permil promille ppm ppb basis bps pi infinity
"""
_OPERATES = """
plus minus times over divided multiplied by modulo mod modulus base root factorial power raised negative
imaginary inverse reciprocal complement choose
"""
_COMPARES = """
and to through until till between from than more less fewer greater larger bigger smaller least most above
below under exceeding exclusive instead rather but then
"""
_HEDGES = """
about around approximately roughly nearly almost probably likely unlikely could would should might may
alternatively alternative otherwise also again unsure guess either both any yes no non true
"""
_VERBS = "is are was were be being been isnt has have had does do did equals equal becomes gives makes means"

_NOT_COUNTED = frozenset(f"{_COUNTS} {_OPERATES} {_COMPARES} {_HEDGES} {_VERBS}".split()) | DENIALS


def may_be_left_out(unit: str) -> bool:
    """Whether a unit, as `read_unit` spells it, is one beside a value that has none.

    How often something happens is counted in times; `times` with another word multiplies.
    """
    words = [part.partition("^")[0] for part in unit.split()]
    if words == ["times"]:
        return True
    return len(words) <= MAX_WORDS and all(
        word not in _NOT_COUNTED if len(word) > 1 else word in UNIT_LETTERS for word in words
    )
