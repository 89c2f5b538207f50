r"""Units of measurement behind a value, in one spelling each.

    "square centimeters"  "cm^2"  "sq. cm"     ->  "cm^2"
    "miles per hour"      "mph"   "mi/h"       ->  "h^-1 mi"
    "million dollars"                          ->  "dollar", times 1,000,000

Words that count (`apples`, `ways`) are units too: they must agree where both sides have one. Behind a value
may stand nothing else: numbers and words such as "or" make the whole thing no value at all. What may be left
out on one side is the business of `unit_words`.
"""

from __future__ import annotations

from fractions import Fraction

from verifiers.math.errors import UnreadableError

UNIT_LETTERS = frozenset("msghNJWVAKLl")
"""Single letters that are units when they stand as text right behind a number."""

NO_UNITS = frozenset({"units", "unit"})
MULTIPLES = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "dozen": 12,
}  # fmt: skip
_POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cubed": 3, "cu": 3}
_UNSURE = {
    "or", "if", "else", "not", "vs", "versus", "maybe", "perhaps", "possibly", "when", "unless", "otherwise",
    "either", "neither", "nor", "correct",
}  # fmt: skip
_NAMES = {
    "feet": "ft", "foot": "ft", "inches": "in", "inch": "in", "meters": "m", "meter": "m", "metres": "m",
    "metre": "m", "centimeters": "cm", "centimeter": "cm", "centimetres": "cm", "centimetre": "cm",
    "millimeters": "mm", "millimeter": "mm", "kilometers": "km", "kilometer": "km", "kilometres": "km",
    "kilometre": "km", "yards": "yd", "yard": "yd", "yds": "yd", "miles": "mi", "mile": "mi", "hours": "h",
    "hour": "h", "hr": "h", "hrs": "h", "minutes": "min", "minute": "min", "mins": "min", "seconds": "s",
    "second": "s", "sec": "s", "secs": "s", "days": "day", "weeks": "week", "months": "month",
    "years": "year", "dollars": "dollar", "usd": "dollar", "cents": "cent", "kilograms": "kg",
    "kilogram": "kg", "grams": "g", "gram": "g", "pounds": "lb", "pound": "lb", "lbs": "lb",
    "ounces": "oz", "ounce": "oz", "liters": "l", "liter": "l", "litres": "l", "litre": "l", "L": "l",
    "milliliters": "ml", "milliliter": "ml", "gallons": "gal", "gallon": "gal", "newtons": "N",
    "newton": "N", "n": "N", "joules": "J", "joule": "J", "j": "J", "watts": "W", "watt": "W", "w": "W",
    "volts": "V", "volt": "V", "v": "V", "points": "point", "degrees": "degree", "radians": "rad",
    "radian": "rad",
}  # fmt: skip
_COMPOUND = {"mph": ("mi", "/", "h"), "kph": ("km", "/", "h"), "kmph": ("km", "/", "h")}
_SILENT = frozenset({"{", "}", "(", ")", ".", ",", "*", "'of", "'the", "'a"})


def read_unit(tokens: list[str]) -> tuple[str, Fraction]:
    """The unit that tokens behind a value name, and by how much they multiply the value.

    Raises:
        UnreadableError: something stands there that belongs to no unit.
    """
    powers: dict[str, int] = {}
    factor, sign, pending = Fraction(1), 1, 1
    last: str | None = None
    queue = list(tokens)
    while queue:
        token = queue.pop(0)
        word = token.lstrip("'")
        if token in _SILENT:
            continue
        if word in _COMPOUND:
            queue[:0] = _COMPOUND[word]
        elif word in ("per", "/"):
            sign = -1
        elif token == "^" and last is not None:
            powers[last] *= _exponent(queue)
        elif word in MULTIPLES:
            factor *= MULTIPLES[word]
        elif word in _POWERS:
            if word in ("squared", "cubed") and last is not None:
                powers[last] *= _POWERS[word]
            else:
                pending = _POWERS[word]
        elif not word.isalpha() or word in _UNSURE:
            raise UnreadableError(f"{token!r} behind a value")
        else:
            last = "" if word in NO_UNITS else _NAMES.get(word, word)
            powers[last] = powers.get(last, 0) + sign * pending
            sign = pending = 1
    if pending != 1:
        raise UnreadableError("a power of no unit behind a value")
    powers.pop("", None)
    unit = " ".join(name if power == 1 else f"{name}^{power}" for name, power in sorted(powers.items()))
    return unit, factor


def _exponent(queue: list[str]) -> int:
    """The small integer behind `^`, with or without braces and sign; taken off the queue."""
    sign = 1
    while queue:
        token = queue.pop(0)
        if token == "-":
            sign = -1
        elif token.isdecimal() and len(token) == 1:
            if queue and queue[0] == "}":
                queue.pop(0)
            return sign * int(token)
        elif token not in ("{", "("):
            break
    raise UnreadableError("no small exponent of a unit")
