r"""Grade a short answer from science and engineering (WebInstruct, Guru's `stem_web`).

    response --last box--> answer --same text | same number and unit--> Verdict, else a judge, else
    `undecided`

Ground truth: text such as `"6.0 N"`. Text and quantities that agree are right and quantities that differ are
wrong: measured ones (with a point, an exponent or a unit of the SI) by more than one part in a hundred,
integers by anything. A unit may be missing on one side only where it is known to be one: `2x` is not 2.
Whether "kinetic energy" answers "the energy of motion" only a judge can tell. One is asked if
`VERIFIERS_JUDGE_URL` and `VERIFIERS_JUDGE_MODEL` are set where the verifier runs (with a token, if it asks
for one, in `VERIFIERS_JUDGE_TOKEN`); else such pairs are `undecided`, `judge_not_configured`. A judge that
fails is `undecided`, `judge_failed`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think, last_boxed
from verifiers.judge import PROMPT_DIGEST, JudgeConfig, JudgeError
from verifiers.quantities import Quantity, read_quantity
from verifiers.si_units import read_si_unit
from verifiers.types import Verdict, VerifyRequest
from verifiers.unit_words import is_known_unit, may_be_counted

if TYPE_CHECKING:
    from verifiers.judge_client import Judge

RELATIVE_TOLERANCE = Fraction(1, 100)
MAX_ANSWER_CHARS = 5_000
JUDGE_DEADLINE_S = 30.0

_TEXT_BRACES = re.compile(r"\\(?:text|mathrm|mathbf|mbox|textbf|operatorname)\s*\{([^{}]*)\}")
_MARKUP = re.compile(r"\\(?:text|mathrm|mathbf|mbox|textbf|operatorname|left|right)\b|\\[()\[\]]|[$`\"“”]")
_SPACING = re.compile(r"\\[,!;: ]|[~\s]+")
_ONE_IN_BRACES = re.compile(r"(?<=[_^])\{(\w)\}")
_IDLE_BLANK = re.compile(r"(?<![A-Za-z]) (?![0-9])|(?<![0-9]) (?![A-Za-z])")
"""A blank is left out unless it keeps two numbers or two words apart."""
_WORD = re.compile(r"[A-Za-z][a-z]{3,}|[A-Z]{4,}")


class StemVerifier(Verifier):
    """Args:
    judge: decides what text and numbers do not; None looks into the environment.
    """

    name: ClassVar[str] = "stem"
    wall_limit_s: ClassVar[float] = JUDGE_DEADLINE_S + 10.0
    examples: ClassVar[Sequence[Example]] = (
        Example(r"\boxed{6.0 \text{ N}}", "6 N", 1.0),
        Example(r"\boxed{7.5 \text{ N}}", "6 N", 0.0),
        Example("six", "6 N", 0.0),
    )

    def __init__(self, judge: JudgeConfig | None = None) -> None:
        self._config = judge or JudgeConfig.from_environment(os.environ)
        self._judge = None if self._config is None else _judge(self._config)

    def options(self) -> Mapping[str, JsonValue]:
        if self._config is None:
            return {"judge_model": None}
        return {"judge_model": self._config.model, "judge_prompt": PROMPT_DIGEST}

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = request.ground_truth
        if not isinstance(expected, str) or not expected.strip():
            raise GroundTruthError(f"stem expects text, got {expected!r:.200}")
        answer = last_boxed(after_think(request.response))
        if not answer:
            return Verdict.no_answer("no_boxed")
        if len(answer) > MAX_ANSWER_CHARS:
            return Verdict.graded(0.0, "answer_over_budget", answer, chars=len(answer))
        if _plain(answer) == _plain(expected):
            return Verdict.compared(True, answer, stage="text")
        equal = _same_quantity(read_quantity(expected), read_quantity(answer))
        if equal is None:
            return self._judged(answer, expected, _question(request))
        return Verdict.compared(equal, answer, stage="quantity")

    def close(self) -> None:
        if self._judge is not None:
            self._judge.close()

    def _judged(self, answer: str, expected: str, question: str) -> Verdict:
        if self._judge is None:
            return Verdict.undecided("judge_not_configured", answer)
        try:
            equal = self._judge.same_meaning(answer, expected, question)
        except JudgeError as error:
            return Verdict.undecided("judge_failed", answer, judge=str(error))
        return Verdict.compared(equal, answer, stage="judge")


def _judge(config: JudgeConfig) -> Judge:
    from verifiers.judge_client import Judge  # an HTTP library, of no use without a judge

    return Judge(config, deadline_s=JUDGE_DEADLINE_S)


def _question(request: VerifyRequest) -> str:
    """The bare question where the row has one (Guru's do), else the prompt."""
    question = request.extra.get("question")
    return question if isinstance(question, str) else request.prompt or ""


def _same_quantity(expected: Quantity | None, given: Quantity | None) -> bool | None:
    """None where the two cannot be compared as numbers: one is none, or nothing tells what their units
    have to do with each other."""
    if expected is None or given is None or _is_score(expected) != _is_score(given):
        return None
    wanted, found = _absolute(expected), _absolute(given)
    if expected.percent != given.percent and _is_close(expected.value, given.value):
        return None  # "25" for "25%" may be meant well
    if _same_word(expected.unit_as_written, given.unit_as_written):
        return _agree(expected, wanted, found)
    if not given.unit or not expected.unit:
        return _agree_but_for_unit(expected, wanted, found, given.unit_as_written or expected.unit_as_written)
    wanted_unit, found_unit = read_si_unit(expected.unit_as_written), read_si_unit(given.unit_as_written)
    if wanted_unit is None or found_unit is None or wanted_unit.powers != found_unit.powers:
        return None
    return _is_close(wanted * wanted_unit.factor, found * found_unit.factor)


def _agree_but_for_unit(expected: Quantity, wanted: Fraction, found: Fraction, unit: str) -> bool | None:
    """Where only one side says `unit`: a known one may be missing, and no words make another number right."""
    agree = _agree(expected, wanted, found)
    if is_known_unit(unit) or (may_be_counted(unit) and not agree):
        return agree
    return None


def _agree(expected: Quantity, wanted: Fraction, found: Fraction) -> bool:
    """Within the tolerance if something was measured or divided; counts and years exactly."""
    counted = expected.half_step == 0 and not expected.percent
    if counted and read_si_unit(expected.unit_as_written) is None:
        return wanted == found
    return _is_close(wanted, found)


def _is_close(wanted: Fraction, found: Fraction) -> bool:
    return abs(wanted - found) <= RELATIVE_TOLERANCE * abs(wanted)


def _is_score(quantity: Quantity) -> bool:
    """`2:1` is not the number 2."""
    return ":" in (quantity.terms or ())


def _absolute(quantity: Quantity) -> Fraction:
    return quantity.value / 100 if quantity.percent else quantity.value


def _same_word(expected: str, given: str) -> bool:
    return _plain(expected) == _plain(given)


def _plain(text: str) -> str:
    """A text without the markup around its words. What changes a formula stays: `5 M` is not `5 m`, `2*3` is
    not 23, and the case counts of all that is not plainly words."""
    text = _MARKUP.sub("", _TEXT_BRACES.sub(r"\1", _SPACING.sub(" ", text)).replace("{,}", ","))
    text = _ONE_IN_BRACES.sub(r"\1", text).strip().rstrip(".")
    if text.startswith("*") and text.endswith("*"):
        text = text.strip("*").rstrip(".")
    text = _IDLE_BLANK.sub("", " ".join(text.split()))
    if any(char.isdigit() for char in text):
        return text
    return _WORD.sub(lambda match: match[0].lower(), text)
