"""Grade labelled cases in this process and say which verdicts are what their labels say."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from verifiers.bench.cases import LabelledCase
from verifiers.errors import GroundTruthError
from verifiers.grading import Grader
from verifiers.types import Verdict, VerdictStatus, VerifyRequest

Signature = tuple[str, float | None, str, str | None]
"""What a case was called: status, score, reason, answer."""


@dataclass(frozen=True)
class Judged:
    """A case, what it was called, and how long that took."""

    case: LabelledCase
    signature: Signature
    elapsed_ms: float

    @property
    def undecided(self) -> bool:
        return self.signature[0] == VerdictStatus.UNDECIDED

    @property
    def called_right(self) -> bool:
        """Whether it got the full score. Part of it is not right, and `undecided` is neither."""
        return self.signature[1] == 1.0

    @property
    def as_labelled(self) -> bool:
        return not self.undecided and self.called_right == (self.case.expected == "right")

    @property
    def miss(self) -> str:
        """One line that names a case that was misjudged."""
        status, score, reason, answer = self.signature
        return (
            f"{self.case.id} ({self.case.kind}): labelled {self.case.expected}, {status} {score} {reason}; "
            f"reference {str(self.case.ground_truth)[:80]!r}, answer {(answer or '')[:80]!r}"
        )


def judge(grader: Grader, cases: Iterable[LabelledCase]) -> list[Judged]:
    """Grade each case once."""
    judged = []
    for case in cases:
        began = time.perf_counter()
        signature = sign(grader, case.request())
        judged.append(Judged(case, signature, (time.perf_counter() - began) * 1e3))
    return judged


def sign(grader: Grader, request: VerifyRequest) -> Signature:
    """The verdict, or that the reference was refused, as a signature."""
    try:
        return signature_of(grader.grade(request))
    except GroundTruthError:
        return REFUSED


REFUSED: Signature = ("refused", None, "ground_truth_error", None)


def same_verdict(first: Signature, other: Signature) -> bool:
    """Whether two gradings of one case agree. Reasons may differ: which of two limits a program is ended by
    is up to the kernel."""
    return (first[0], first[1], first[3]) == (other[0], other[1], other[3])


def signature_of(verdict: Verdict) -> Signature:
    return str(verdict.status), verdict.score, verdict.reason, verdict.answer
