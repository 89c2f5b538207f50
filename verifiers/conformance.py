"""What every verifier must do, ours and third parties'.

    from verifiers.conformance import CHECKS, check_all
    check_all(MyVerifier())                        # raises ConformanceError naming the first broken promise

or one test per promise: `pytest.mark.parametrize("check", CHECKS)`.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError, VerifierSetupError
from verifiers.types import Verdict, VerdictStatus

HOSTILE_RESPONSES: tuple[str, ...] = (
    "",
    " \n\t ",
    "\\boxed{",
    "\\boxed{}" * 1_000,
    "{" * 20_000,
    "<answer>" + "[" * 20_000,
    "```" * 5_000,
    "<think>" * 1_000 + "</think>",
    "\x00\x01\x7f",
    "\\boxed{9^{9^{9^{9}}}}",
    "a" * 200_000,
    "9" * 5_000,
    "\\boxed{" + "9" * 5_000 + "}",
    '```json\n{"output": ' + "9" * 5_000 + "}\n```",
    "\\boxed{\ud800}",
    '```json\n{"output": "\\ud800"}\n```',
    '```python\nimport os\nos.write(3, (2).to_bytes(4, "big") + b"{}")\nos._exit(0)\n```',
    "```python\nraise ValueError(chr(0xD800))\n```",
    "```python\ndef add(*_):\n    return 10**5000\n```",
)
BROKEN_REFERENCES: tuple[JsonValue, ...] = (None, "", {}, [])


class ConformanceError(VerifierSetupError):
    """A verifier breaks a promise of `verifiers.base.Verifier`."""


def grades_its_examples(verifier: Verifier) -> None:
    """There are a right and a wrong example, and each gets its score."""
    scores = {example.score for example in verifier.examples}
    _demand(1.0 in scores and 0.0 in scores, "examples need a right (1.0) and a wrong (0.0) answer")
    for example in verifier.examples:
        verdict = _verify(verifier, example)
        _demand(
            verdict.score == example.score,
            f"{example.response!r:.100} got {verdict.score}, not {example.score}",
        )


def is_deterministic(verifier: Verifier) -> None:
    """The same request gets the same verdict."""
    for example in verifier.examples:
        first, second = _verify(verifier, example), _verify(verifier, example)
        _demand(first == second, f"{example.response!r:.100} got two verdicts: {first} and {second}")


def survives_hostile_responses(verifier: Verifier) -> None:
    """Whatever a model writes is a verdict below 1 that can be stored, never an exception."""
    example = _right_example(verifier)
    for response in HOSTILE_RESPONSES:
        verdict = _verify(verifier, Example(response, example.ground_truth, 0.0, example.extra))
        _demand(verdict.score is None or verdict.score < 1.0, f"{response!r:.40} was graded {verdict.score}")
        _demand(_survives_json(verdict), f"the verdict on {response!r:.40} does not survive JSON")


def finds_no_answer_in_an_empty_response(verifier: Verifier) -> None:
    """Silence is `no_answer`, not a wrong answer."""
    example = _right_example(verifier)
    verdict = _verify(verifier, Example("", example.ground_truth, 0.0, example.extra))
    _demand(verdict.status is VerdictStatus.NO_ANSWER, f"an empty response was {verdict.status}")


def refuses_broken_references(verifier: Verifier) -> None:
    """A malformed reference is an error of the dataset, whatever the response says."""
    response = _right_example(verifier).response
    for reference in BROKEN_REFERENCES:
        try:
            verdict = _verify(verifier, Example(response, reference, None))
        except GroundTruthError:
            continue
        raise ConformanceError(f"{verifier.name}: reference {reference!r} was graded {verdict.score}")


def gives_verdicts_that_survive_json(verifier: Verifier) -> None:
    """A verdict is the same after a trip through JSON."""
    for example in verifier.examples:
        verdict = _verify(verifier, example)
        _demand(_survives_json(verdict), f"{verdict} does not survive JSON")


CHECKS: tuple[Callable[[Verifier], None], ...] = (
    grades_its_examples,
    is_deterministic,
    survives_hostile_responses,
    finds_no_answer_in_an_empty_response,
    refuses_broken_references,
    gives_verdicts_that_survive_json,
)


def check_all(verifier: Verifier) -> None:
    """Run every check.

    Raises:
        ConformanceError: names the verifier and the broken promise.
    """
    for check in CHECKS:
        check(verifier)


def _verify(verifier: Verifier, example: Example) -> Verdict:
    return verifier.verify(example.request(verifier.name))


def _survives_json(verdict: Verdict) -> bool:
    try:
        return Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    except ValueError:  # text that UTF-8 cannot hold
        return False


def _right_example(verifier: Verifier) -> Example:
    for example in verifier.examples:
        if example.score == 1.0:
            return example
    raise ConformanceError(f"{verifier.name}: no example with score 1.0")


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ConformanceError(otherwise)
