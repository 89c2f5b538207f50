"""math-verify as an opinion of its own: it keeps a verifier's promises, and it differs where it should."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from verifiers.conformance import check_all
from verifiers.errors import GroundTruthError
from verifiers.math.second_opinion import MathVerifyOpinion
from verifiers.registry import load_verifier
from verifiers.types import VerifyRequest


@pytest.fixture(scope="module")
def opinion() -> Iterator[MathVerifyOpinion]:
    verifier = load_verifier("verifiers.math.second_opinion:MathVerifyOpinion")
    assert isinstance(verifier, MathVerifyOpinion)
    yield verifier
    verifier.close()


def test_it_keeps_every_promise_of_a_verifier(opinion: MathVerifyOpinion) -> None:
    check_all(opinion)


@pytest.mark.parametrize(
    ("response", "truth", "status", "score"),
    [
        (r"<think>\boxed{1}</think> \boxed{2}", "2", "graded", 1.0),
        (r"\boxed{x \in [1, \infty)}", r"[1,\infty)", "graded", 1.0),
        (r"\boxed{3}", "2", "graded", 0.0),
        (r"\boxed{9^{9^{9^{9^9}}}}", "2", "graded", 0.0),
        ("the answer is 2", "2", "no_answer", 0.0),
    ],
)
def test_verdict(opinion: MathVerifyOpinion, response: str, truth: str, status: str, score: float) -> None:
    verdict = opinion.verify(VerifyRequest(verifier="math", response=response, ground_truth=truth))
    assert (verdict.status.value, verdict.score) == (status, score)


def test_a_bad_reference_is_an_error(opinion: MathVerifyOpinion) -> None:
    with pytest.raises(GroundTruthError):
        opinion.verify(VerifyRequest(verifier="math", response=r"\boxed{2}", ground_truth=["2"]))
