"""One line per case: grade a response and look at what came out."""

from __future__ import annotations

from functools import cache

from pydantic import JsonValue

from verifiers.base import Verifier
from verifiers.registry import load_verifier
from verifiers.types import Verdict, VerifyRequest


@cache
def verifier_named(name: str) -> Verifier:
    """Each verifier once for all tests; what it starts ends with the test process."""
    return load_verifier(name)


def grade(
    name: str, response: str, ground_truth: JsonValue, *, prompt: str | None = None, **extra: JsonValue
) -> Verdict:
    request = VerifyRequest(
        verifier=name, response=response, ground_truth=ground_truth, prompt=prompt, extra=extra
    )
    return verifier_named(name).verify(request)
