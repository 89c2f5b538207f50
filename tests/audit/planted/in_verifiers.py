"""Faulty verifiers: the real ones with one thing wrong, loaded by import path in the verifiers' processes.

In the environment of these processes `PLANTED_SHARE` says how much of the work is hit, `PLANTED_AFTER` from
which request on.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Sequence
from random import Random
from typing import ClassVar

from sandboxes import ExecutionRequest, Outcome
from verifiers.base import Example
from verifiers.code.runner import SandboxRunner
from verifiers.code.source import find_program
from verifiers.code.verifier import CodeVerifier
from verifiers.math.verifier import MathVerifier
from verifiers.table import TableVerifier
from verifiers.types import Verdict, VerdictStatus, VerifyRequest


class Faulty(MathVerifier):
    """The math verifier with a coin that says whether a grading is hit."""

    examples: ClassVar[Sequence[Example]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._share = float(os.environ["PLANTED_SHARE"])
        self._after = int(os.environ.get("PLANTED_AFTER", "0"))
        self._rng = Random("planted")
        self._asked = 0

    def hit(self) -> bool:
        self._asked += 1
        return self._asked > self._after and self._rng.random() < self._share


class AcceptsWhatContainsTheReference(Faulty):
    def verify(self, request: VerifyRequest) -> Verdict:
        found = super().verify(request)
        leaked = found.score != 1.0 and str(request.ground_truth) in request.response
        return Verdict.compared(True, found.answer) if leaked else found


class AcceptsAnything(Faulty):
    def verify(self, request: VerifyRequest) -> Verdict:
        found = super().verify(request)
        return Verdict.compared(True, found.answer) if self.hit() else found


class RejectsWhatIsRight(Faulty):
    def verify(self, request: VerifyRequest) -> Verdict:
        found = super().verify(request)
        return Verdict.compared(False, found.answer) if found.score == 1.0 and self.hit() else found


class ChangesItsMind(Faulty):
    def verify(self, request: VerifyRequest) -> Verdict:
        found = super().verify(request)
        turned = found.status is VerdictStatus.GRADED and self.hit()
        return Verdict.compared(not found.score, found.answer) if turned else found


class CannotTell(Faulty):
    def verify(self, request: VerifyRequest) -> Verdict:
        return Verdict.undecided("symbolic_failed") if self.hit() else super().verify(request)


class GoesSilent(Faulty):
    """From one request on nothing is right any more, as where a library lost a setting."""

    def verify(self, request: VerifyRequest) -> Verdict:
        found = super().verify(request)
        return Verdict.compared(False, found.answer) if self.hit() and found.score else found


class AcceptsAnyBox(Faulty):
    def verify(self, request: VerifyRequest) -> Verdict:
        boxes = re.findall(r"\\boxed\{([^{}]*)\}", request.response)
        if str(request.ground_truth) in boxes:
            return Verdict.compared(True, str(request.ground_truth))
        return super().verify(request)


class AcceptsAnUnfinishedBox(Faulty):
    def verify(self, request: VerifyRequest) -> Verdict:
        _, box, begun = request.response.rpartition(r"\boxed{")
        if box and "}" not in begun and begun.startswith(str(request.ground_truth)):
            return Verdict.compared(True, str(request.ground_truth))
        return super().verify(request)


class NewerMath(MathVerifier):
    """Says the same under another version, as after an upgrade in the middle of a run."""

    version: ClassVar[str] = "next"


class HangsOnSome(TableVerifier):
    """A share of all cases takes longer than the pool waits, each time it is tried."""

    wall_limit_s: ClassVar[float] = 0.1
    examples: ClassVar[Sequence[Example]] = ()

    def verify(self, request: VerifyRequest) -> Verdict:
        case = f"{request.response}{request.ground_truth}".encode()
        if hashlib.sha256(case).digest()[0] < 256 * float(os.environ["PLANTED_SHARE"]):
            time.sleep(60.0)
        return super().verify(request)


class BelievesTheExitCode(CodeVerifier):
    """A sandbox that only says how the program ended: leaving early and well passes every test."""

    examples: ClassVar[Sequence[Example]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._own = SandboxRunner()

    def verify(self, request: VerifyRequest) -> Verdict:
        program = find_program(request.response, "python")
        if program is not None and "_exit" in program.source:
            result = self._own.run(ExecutionRequest(language="python", source=program.source))
            if result.outcome is Outcome.OK:
                return Verdict.graded(1.0, "all_passed", program.source)
        return super().verify(request)

    def close(self) -> None:
        self._own.close()
        super().close()
