r"""Grade the final answer of a mathematics problem.

    response --extract--> final answer --stages, cheapest first--> Verdict

    text       the same characters
    number     plain integers, decimals and fractions, exactly
    tokens     the same LaTeX up to spacing, sizes and synonyms
    structure  own bounded parser: values by exact, floating and 50-digit arithmetic; tuples, sets, intervals
    symbolic   math-verify in a child process that is killed at its deadline, for what the parser cannot read

Ground truth: the reference answer as LaTeX or plain text (a number is taken as its text). It is read by the
same rules as the response, so it may itself hold a box. An answer beyond the bounds on size or work is wrong,
`answer_over_budget`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.choice import leading_letter, unboxed_letter, without_markup
from verifiers.errors import GroundTruthError
from verifiers.extract import after_think
from verifiers.math.compare import same_answer
from verifiers.math.errors import OverBudgetError, UnreadableError
from verifiers.math.extract import FinalAnswer, final_answer, last_boxes
from verifiers.math.plain_numbers import plain_number
from verifiers.math.readings import readings
from verifiers.math.symbolic import SymbolicJudge, SymbolicServerError, SymbolicTimeoutError
from verifiers.math.work import limited_work
from verifiers.types import Verdict, VerifyRequest

MAX_REFERENCE_CHARS = 20_000
MAX_ANSWER_CHARS = 10_000
TAIL_CHARS = 2_000

_LETTER = re.compile(r"\W*(?:\\(?:text|mathrm|textbf)\{)?\(?([A-J])\)?\}?\W*")
_OPTION = re.compile(
    r"(?:^|[^\w\s]\s*|\b(?:or|and|not|nor|then)\s+)[(\[]?([A-J])(?=[).:;,\]]|\s*$|\s+(?:or|and)\s+[(\[]?[A-J]\b)"
)
"""A letter that stands as an option: in `A; B` and `(A) (B)` both, in `A. Vitamin C` the first."""


class MathVerifier(Verifier):
    name: ClassVar[str] = "math"
    wall_limit_s: ClassVar[float] = 20.0
    examples: ClassVar[Sequence[Example]] = (
        Example(r"so \boxed{42}", "42", 1.0),
        Example(r"so \boxed{\frac{1}{2}}", "0.5", 1.0),
        Example(r"so \boxed{x \in [1, \infty)}", r"[1,\infty)", 1.0),
        Example(r"so \boxed{41}", "42", 0.0),
        Example(r"so \boxed{9^{9^{9^9}}}", "42", 0.0),
        Example("I do not know", "42", 0.0),
    )

    def __init__(self) -> None:
        self._symbolic = SymbolicJudge()

    def verify(self, request: VerifyRequest) -> Verdict:
        reference = reference_text(request.ground_truth)
        letter = _LETTER.fullmatch(reference)
        answer = final_answer(request.response)
        if letter is not None:
            given = _stated_letter(request.response, answer)
            if given is not None:
                return Verdict.compared(given == letter.group(1), given, stage="letter")
        if request.response.strip() == str(request.ground_truth).strip():
            return Verdict.compared(True, request.response.strip(), stage="text", found_by="whole")
        if answer is None:
            return Verdict.no_answer("no_final_answer")
        return self._compare(reference, ", ".join(answer.parts), answer.found_by)

    def warm_up(self) -> None:
        self._symbolic.warm_up()

    def close(self) -> None:
        self._symbolic.close()

    def _compare(self, reference: str, answer: str, found_by: str) -> Verdict:
        if len(answer) > MAX_ANSWER_CHARS:
            return Verdict.graded(0.0, "answer_over_budget", answer, chars=len(answer), found_by=found_by)
        if answer == reference:
            return Verdict.compared(True, answer, stage="text", found_by=found_by)
        wanted, given = plain_number(reference), plain_number(answer)
        if (
            wanted is not None
            and given is not None
            and (wanted == given or ("." in reference) == ("." in answer))
        ):
            return Verdict.compared(wanted == given, answer, stage="number", found_by=found_by)
        try:
            stage, equal = _compare_readings(reference, answer)
            if equal is None:
                stage, equal = "symbolic", self._symbolic.same(reference, answer)
        except OverBudgetError as error:
            return Verdict.graded(0.0, "answer_over_budget", answer, detail=str(error), found_by=found_by)
        except SymbolicTimeoutError:
            return Verdict.undecided("grader_timeout", answer, found_by=found_by)
        except SymbolicServerError:
            return Verdict.undecided("symbolic_unavailable", answer, found_by=found_by)
        return Verdict.compared(equal, answer, stage=stage, found_by=found_by)


def _compare_readings(reference: str, answer: str) -> tuple[str, bool | None]:
    """The stage that decided, and what; None where no reading could be decided and none was equal."""
    undecided = False
    pairs = [(wanted, given) for wanted in readings(reference) for given in readings(answer)]
    if any(wanted.tokens == given.tokens and given.tokens for wanted, given in pairs):
        return "tokens", True
    with limited_work():
        for wanted, given in pairs:
            try:
                if same_answer(wanted.answer, given.answer):
                    return "structure", True
            except UnreadableError:
                undecided = True
    return "structure", None if undecided else False


@lru_cache(maxsize=4_096)
def _final_part(text: str) -> str:
    """The reference is an answer already, unless it holds a box or is a whole solution."""
    boxes = [box for box in last_boxes(text) if box]
    if boxes:
        return ", ".join(dict.fromkeys(boxes))
    if "answer is" in text.lower():
        stated: FinalAnswer | None = final_answer(text)
        return text if stated is None else ", ".join(stated.parts)
    return text


def reference_text(ground_truth: JsonValue) -> str:
    """The reference as text.

    Raises:
        GroundTruthError: neither text nor a number, empty, or too long.
    """
    if isinstance(ground_truth, bool) or not isinstance(ground_truth, str | int | float):
        raise GroundTruthError(f"math expects an answer as text or number, got {ground_truth!r:.200}")
    text = str(ground_truth).strip()
    if not text or len(text) > MAX_REFERENCE_CHARS:
        raise GroundTruthError(f"math expects 1 to {MAX_REFERENCE_CHARS} characters, got {len(text)}")
    return _final_part(text)


def _stated_letter(response: str, answer: FinalAnswer | None) -> str | None:
    """The letter that answers a multiple-choice question, where the response states one."""
    if answer is not None and answer.found_by in ("box", "tag"):
        stated = without_markup(answer.parts[0])
        only = len(answer.parts) == 1 and len(set(_OPTION.findall(stated))) <= 1
        return leading_letter(stated) if only else None
    return unboxed_letter(without_markup(after_think(response)[-TAIL_CHARS:]))
