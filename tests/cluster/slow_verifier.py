"""A third party's verifier that takes its time, so that a test can act in the middle of a grading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from verifiers import Example, Verdict, Verifier, VerifyRequest

GRADING_S = 0.25


class SlowVerifier(Verifier):
    """Right is what equals the reference."""

    name: ClassVar[str] = "slow"
    examples: ClassVar[Sequence[Example]] = (Example("yes", "yes", 1.0), Example("no", "yes", 0.0))

    def verify(self, request: VerifyRequest) -> Verdict:
        time.sleep(GRADING_S)
        equal = request.response == request.ground_truth
        return Verdict.graded(float(equal), "equal" if equal else "not_equal", answer=request.response)
