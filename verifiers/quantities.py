r"""Read a number with its sign, percent mark and unit out of a short answer.

    "$1,234.5"  "25\%"  "(3)"  "3:4"  "6.0 \text{ N}"  "1.5 \times 10^{3} m/s"  "5 million"  -->  Quantity

Used where answers are cells of tables or measured quantities; expressions are the business of `math`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

MAX_CHARS = 200
MAX_EXPONENT = 400

_MARKUP = re.compile(r"\\(?:text|mathrm|mathbf|mbox|operatorname|textbf)\b|\\[,!;: ()\[\]]|[{}~]|\\(?=[$%])")
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<body>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)"
    r"(?:(?:\s*(?:\\times|\*|x|×)\s*10\s*\^\s*\(?|[eE])(?P<exponent>[+-]?\d{1,4})\)?)?"
    r"(?:\s*(?P<op>[/:])\s*(?P<denominator>\d+(?:\.\d+)?))?"
    r"(?:\s*(?P<scale>hundred|thousand|million|billion|trillion)\b)?"
    r"\s*(?P<percent>%|percent(?:age points)?\b)?",
    re.IGNORECASE,
)
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DEGREES = re.compile(r"\^?\s*\\circ(?![A-Za-z])\s*")
_POWER = re.compile(r"(?<=[A-Za-zµΩ°])\s*\^?\s*\(?-?\d\)?")
_NO_UNIT = re.compile(r"\d|\b(?:or|and|to|not|if|vs)\b")
"""Behind a number, another number or such a word makes it more than one quantity."""


@dataclass(frozen=True)
class Quantity:
    value: Fraction
    """As written, a percent mark not applied."""
    percent: bool
    unit: str
    """What follows the number, lower-case and without spaces; empty where nothing does."""
    unit_as_written: str = ""
    terms: tuple[Fraction, str, Fraction] | None = None
    """Of `3:4` and `3/4`, because neither a score nor a date is its value."""
    half_step: Fraction | None = None
    """Half of what the last written digit stands for; zero for an integer, None where a division makes the
    value."""


def read_quantity(text: str) -> Quantity | None:
    """The quantity a text consists of; None where it is more or something else than one number with a
    unit."""
    if len(text) > MAX_CHARS:
        return None
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]+)\}\s*\{([^{}]+)\}", r"\1/\2", text)
    text = _MARKUP.sub(" ", text.replace("{,}", ",")).replace("−", "-").strip()
    text = _DEGREES.sub("°", text)
    negative = text.startswith("(") and text.endswith(")")
    text = text.strip("()$€£¥ ") if negative or text[:1] in "$€£¥" else text
    text = re.sub(r"^([+-]?)\s*[$€£¥]\s*", r"\1", text)
    match = _NUMBER.match(text)
    if match is None:
        return None
    rest = text[match.end() :].strip().rstrip(".$")
    if _NO_UNIT.search(_POWER.sub("", rest)) or len(rest) > 40:
        return None
    return _quantity(match, rest, sign=-1 if negative != (match["sign"] == "-") else 1)


def _quantity(match: re.Match[str], rest: str, sign: int) -> Quantity | None:
    exponent = int(match["exponent"] or 0)
    denominator = Fraction(match["denominator"] or 1)
    if abs(exponent) > MAX_EXPONENT or denominator == 0:
        return None
    body = match["body"].replace(",", "").rstrip(".")
    scale = Fraction(10) ** exponent * _SCALES.get((match["scale"] or "").lower(), 1)
    value = sign * Fraction(body) * scale
    decimals = len(body.partition(".")[2])
    half_step = scale / (2 * 10**decimals) if decimals or match["exponent"] else Fraction(0)
    return Quantity(
        value=value / denominator,
        percent=match["percent"] is not None,
        unit=re.sub(r"\s+", "", rest).lower(),
        unit_as_written=rest,
        terms=(value, match["op"], denominator) if match["op"] else None,
        half_step=None if match["op"] else half_step,
    )
