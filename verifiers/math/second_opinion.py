r"""Grade a mathematical answer by math-verify alone: an opinion that owes nothing to our own parser.

    response --last box--> answer --math-verify, in a child process that is killed--> Verdict

Ground truth: as for `math`. It is named by its path, `verifiers.math.second_opinion:MathVerifyOpinion`, and
answers to `math`, whose rollouts an audit asks it about. It is no verifier to train on: it reads boxes only,
and what math-verify is known to accept (another unit, an integral left as it is) it accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from verifiers.base import Example, Verifier
from verifiers.extract import after_think, last_boxed
from verifiers.math.errors import OverBudgetError
from verifiers.math.symbolic import SymbolicJudge, SymbolicServerError, SymbolicTimeoutError
from verifiers.math.verifier import reference_text
from verifiers.types import Verdict, VerifyRequest


class MathVerifyOpinion(Verifier):
    name: ClassVar[str] = "math"
    version: ClassVar[str] = "math-verify"
    wall_limit_s: ClassVar[float] = 20.0
    examples: ClassVar[Sequence[Example]] = (
        Example(r"so \boxed{42}", "42", 1.0),
        Example(r"so \boxed{\frac{1}{2}}", "0.5", 1.0),
        Example(r"so \boxed{41}", "42", 0.0),
        Example("I do not know", "42", 0.0),
    )

    def __init__(self) -> None:
        self._symbolic = SymbolicJudge()

    def verify(self, request: VerifyRequest) -> Verdict:
        reference = reference_text(request.ground_truth)
        answer = last_boxed(after_think(request.response))
        if answer is None:
            return Verdict.no_answer("no_boxed")
        try:
            return Verdict.compared(self._symbolic.same(reference, answer), answer)
        except OverBudgetError as error:
            return Verdict.graded(0.0, "answer_over_budget", answer, detail=str(error))
        except SymbolicTimeoutError:
            return Verdict.undecided("grader_timeout", answer)
        except SymbolicServerError:
            return Verdict.undecided("symbolic_unavailable", answer)

    def warm_up(self) -> None:
        self._symbolic.warm_up()

    def close(self) -> None:
        self._symbolic.close()
