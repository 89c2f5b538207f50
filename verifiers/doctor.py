"""What works on this machine: each verifier grades its own examples, and `sandboxes.doctor` is asked."""

from __future__ import annotations

from sandboxes.doctor import Check
from sandboxes.doctor import check as check_sandboxes
from verifiers.errors import VerifierError
from verifiers.grading import Grader


def check() -> list[Check]:
    """One finding per verifier, then those of the sandboxes. Takes a few seconds."""
    grader = Grader()
    try:
        return [*(_check_verifier(grader, name) for name in grader.names), *check_sandboxes()]
    finally:
        grader.close()


def _check_verifier(grader: Grader, name: str) -> Check:
    try:
        grader.self_test(name)
    except VerifierError as error:
        return Check(f"verifier {name}", ok=False, detail=str(error), fix="install what the message names")
    return Check(f"verifier {name}", ok=True, detail=f"digest {grader.digest(name)}")
