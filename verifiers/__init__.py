"""Verifiers: a response and a reference go in, a verdict comes out.

    from verifiers import Grader, VerifyRequest
    Grader().grade(VerifyRequest(verifier="math", response=r"so \\boxed{42}", ground_truth="42"))

The same verifiers answer over REST (`python -m verifiers serve`, `VerifierClient`), in a pool of worker
processes without a service (`LocalVerifierClient`), and for whole files (`python -m verifiers grade`). Names
are imported when first used, so that `import verifiers` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verifiers.base import Example, Verifier
    from verifiers.client import SyncVerifierClient, VerifierClient
    from verifiers.errors import (
        GroundTruthError,
        InvalidRequestError,
        RequestTooLargeError,
        UnauthorizedError,
        UndecidedError,
        UnknownVerifierError,
        VerifierError,
        VerifierSetupError,
        VerifierUnavailableError,
    )
    from verifiers.grading import Grader
    from verifiers.local_client import LocalVerifierClient
    from verifiers.types import Verdict, VerdictStatus, VerifyRequest

_EXPORTS = {
    "Example": "verifiers.base",
    "Grader": "verifiers.grading",
    "GroundTruthError": "verifiers.errors",
    "InvalidRequestError": "verifiers.errors",
    "LocalVerifierClient": "verifiers.local_client",
    "RequestTooLargeError": "verifiers.errors",
    "SyncVerifierClient": "verifiers.client",
    "UnauthorizedError": "verifiers.errors",
    "UndecidedError": "verifiers.errors",
    "UnknownVerifierError": "verifiers.errors",
    "Verdict": "verifiers.types",
    "VerdictStatus": "verifiers.types",
    "Verifier": "verifiers.base",
    "VerifierClient": "verifiers.client",
    "VerifierError": "verifiers.errors",
    "VerifierSetupError": "verifiers.errors",
    "VerifierUnavailableError": "verifiers.errors",
    "VerifyRequest": "verifiers.types",
}

__all__ = [
    "Example",
    "Grader",
    "GroundTruthError",
    "InvalidRequestError",
    "LocalVerifierClient",
    "RequestTooLargeError",
    "SyncVerifierClient",
    "UnauthorizedError",
    "UndecidedError",
    "UnknownVerifierError",
    "Verdict",
    "VerdictStatus",
    "Verifier",
    "VerifierClient",
    "VerifierError",
    "VerifierSetupError",
    "VerifierUnavailableError",
    "VerifyRequest",
]


def __getattr__(name: str) -> Any:
    try:
        module = _EXPORTS[name]
    except KeyError:
        raise AttributeError(f"module 'verifiers' has no attribute {name!r}") from None
    return getattr(importlib.import_module(module), name)
