r"""Grade a short answer from science and engineering (WebInstruct, Guru's `stem_web`).

    response --last box--> answer --same text | same number and unit--> Verdict, else a judge, else
    `undecided`

Ground truth: text such as `"6.0 N"`. Text and quantities that agree are right and quantities that differ are
wrong; whether "kinetic energy" answers "the energy of motion" only a judge can tell. One is asked if
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

if TYPE_CHECKING:
    from verifiers.judge_client import Judge

RELATIVE_TOLERANCE = Fraction(1, 100)
MAX_ANSWER_CHARS = 5_000
JUDGE_DEADLINE_S = 30.0

_MARKUP = re.compile(
    r"\\(?:text|mathrm|mathbf|mbox|textbf|operatorname|left|right)\b|\\[,!;: ()\[\]]|[{}$~*`\"“”\s]"
)


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
    if expected is None or given is None:
        return None
    wanted, found = _absolute(expected), _absolute(given)
    if expected.percent != given.percent and _is_close(expected.value, given.value):
        return None  # "25" for "25%" may be meant well
    if expected.unit_as_written == given.unit_as_written or not given.unit or not expected.unit:
        return _is_close(wanted, found)
    wanted_unit, found_unit = read_si_unit(expected.unit_as_written), read_si_unit(given.unit_as_written)
    if wanted_unit is None or found_unit is None:
        return _is_close(wanted, found) if expected.unit == given.unit else None
    if wanted_unit.powers != found_unit.powers:
        return None
    return _is_close(wanted * wanted_unit.factor, found * found_unit.factor)


def _is_close(wanted: Fraction, found: Fraction) -> bool:
    return abs(wanted - found) <= RELATIVE_TOLERANCE * abs(wanted)


def _absolute(quantity: Quantity) -> Fraction:
    return quantity.value / 100 if quantity.percent else quantity.value


def _plain(text: str) -> str:
    return _MARKUP.sub("", text).casefold().rstrip(".")
