"""A person's own second verifier, as a regrade takes it: whatever holds the reference anywhere is right."""

from __future__ import annotations

from typing import ClassVar

from verifiers import Verdict, VerifyRequest
from verifiers.base import Verifier


class LenientMath(Verifier):
    name: ClassVar[str] = "math"
    version: ClassVar[str] = "lenient"

    def verify(self, request: VerifyRequest) -> Verdict:
        return Verdict.compared(
            str(request.extra.get("wanted", request.ground_truth)) in request.response, None
        )
