"""Grade answers to problems with the problems' own verifiers.

    Problem, response --verifiers--> Verdict        Problem --reference_response--> ReferenceCheck

The one file that calls the `verifiers` package. A reference that its own verifier refuses would
teach a model nothing but noise; finding that out is what this is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from guru_data.errors import GradingError, MalformedReferenceError
from guru_data.problem import Problem
from guru_data.references import reference_response
from verifiers import Grader, GroundTruthError, Verdict, VerdictStatus, VerifierError, VerifyRequest


class ReferenceOutcome(StrEnum):
    ACCEPTED = "accepted"
    """The verifier gives the reference full score."""
    REFUSED = "refused"
    """The verifier gives the reference less than full score."""
    MALFORMED = "malformed"
    """The verifier cannot read the reference."""
    UNDECIDED = "undecided"
    """The verifier could not tell; says nothing about the reference."""
    NO_REFERENCE = "no_reference"
    """The problem brings no answer to grade (tests without a solution)."""


@dataclass(frozen=True)
class ReferenceCheck:
    """What became of one problem's reference."""

    problem: Problem
    outcome: ReferenceOutcome
    reason: str


class ProblemGrader:
    """Grades in this process; a context manager, because verifiers may hold sandboxes."""

    def __init__(self) -> None:
        self._grader = Grader()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._grader.close()

    def grade(self, problem: Problem, response: str) -> Verdict:
        """The verdict on one response.

        Raises:
            MalformedReferenceError: the verifier cannot read the problem's reference.
            GradingError: the verifier does not exist or does not start.
        """
        request = VerifyRequest(
            verifier=problem.verifier,
            response=response,
            ground_truth=problem.ground_truth,
            prompt=problem.prompt[-1].content,
            extra=problem.extra,
        )
        with _our_errors(problem):
            return self._grader.grade(request)

    def digest(self, verifier: str) -> str:
        """Which verifier this is: a hash of its code, options and dependency versions."""
        return self._grader.digest(verifier)

    def check_reference(self, problem: Problem) -> ReferenceCheck:
        """Grade the problem's own reference; raises GradingError as `grade` does."""
        with _our_errors(problem):
            self._grader.verifier(problem.verifier)  # a misspelt name must not pass for lack of an answer
        response = reference_response(problem)
        if response is None:
            return ReferenceCheck(problem, ReferenceOutcome.NO_REFERENCE, "no answer to grade")
        try:
            verdict = self.grade(problem, response)
        except MalformedReferenceError as error:
            return ReferenceCheck(problem, ReferenceOutcome.MALFORMED, str(error))
        return ReferenceCheck(problem, _outcome(verdict), verdict.reason)


@contextmanager
def _our_errors(problem: Problem) -> Iterator[None]:
    """Translate the verifiers' errors, naming the problem."""
    try:
        yield
    except GroundTruthError as error:
        raise MalformedReferenceError(f"problem {problem.id} ({problem.source}): {error}") from error
    except VerifierError as error:
        raise GradingError(f"problem {problem.id} ({problem.source}): {error}") from error


def _outcome(verdict: Verdict) -> ReferenceOutcome:
    if verdict.status is VerdictStatus.UNDECIDED:
        return ReferenceOutcome.UNDECIDED
    return ReferenceOutcome.ACCEPTED if verdict.score == 1.0 else ReferenceOutcome.REFUSED
