"""Requests, verdicts and errors: wrong states cannot be made, and errors mean the same on both sides of
HTTP."""

import pickle
import subprocess
import sys

import pytest
from pydantic import ValidationError

from verifiers.errors import ERROR_KINDS, GroundTruthError, UnknownVerifierError, error_from_kind, error_kind
from verifiers.registry import load_verifier, plugin_table, requested_verifier, verifier_for
from verifiers.types import MAX_ANSWER_CHARS, Verdict, VerdictStatus, VerifyRequest


def test_a_score_goes_with_every_status_but_undecided() -> None:
    with pytest.raises(ValidationError):
        Verdict(status=VerdictStatus.UNDECIDED, score=0.0, reason="x")
    with pytest.raises(ValidationError):
        Verdict(status=VerdictStatus.GRADED, score=None, reason="x")
    with pytest.raises(ValidationError):
        Verdict(status=VerdictStatus.NO_ANSWER, score=1.0, reason="x")


def test_a_long_answer_is_cut_in_the_verdict() -> None:
    verdict = Verdict.compared(False, "x" * 10_000)
    assert verdict.answer is not None
    assert len(verdict.answer) == MAX_ANSWER_CHARS


def test_a_lone_surrogate_from_json_does_not_stop_a_request() -> None:
    request = VerifyRequest(verifier="math", response="\\boxed{1} \ud800", ground_truth="1")
    assert request.response.encode()


def test_a_request_must_name_a_verifier_or_a_data_source() -> None:
    with pytest.raises(ValidationError):
        VerifyRequest(response="1", ground_truth="1")


@pytest.mark.parametrize(
    ("data_source", "name"),
    [
        ("math__deepscaler_preview", "math"),
        ("codegen__taco", "code"),
        ("simulation__arcagi2", "arc"),
        ("simulation__barc", "arc"),
        ("logic__zebra_puzzle_dataset", "zebra"),
        ("table__hitab", "table"),
        ("stem_web", "stem"),
        ("stem__web", "stem"),
        ("stem__gpqa_diamond", "choice"),
        ("simulation__cruxeval-o", "cruxeval"),
    ],
)
def test_guru_data_sources_are_routed(data_source: str, name: str) -> None:
    assert verifier_for(data_source) == name


def test_a_named_verifier_goes_before_the_data_source() -> None:
    request = VerifyRequest(verifier="choice", data_source="math__math", response="A", ground_truth="A")
    assert requested_verifier(request) == "choice"


def test_unknown_names_say_what_there_is() -> None:
    with pytest.raises(UnknownVerifierError, match="choice"):
        load_verifier("choise")
    with pytest.raises(UnknownVerifierError, match="choise"):
        plugin_table({}, only=frozenset({"choise"}))
    with pytest.raises(UnknownVerifierError, match="codegen"):
        verifier_for("poetry__sonnets")


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_errors_survive_http_and_pickle(kind: str) -> None:
    error = error_from_kind(kind, "what happened")
    assert error_kind(error) == kind
    assert str(pickle.loads(pickle.dumps(error))) == "what happened"


def test_a_subclass_has_the_kind_of_its_parent() -> None:
    class OddReferenceError(GroundTruthError):
        pass

    assert error_kind(OddReferenceError("x")) == "ground_truth_error"


def test_importing_verifiers_loads_nothing_heavy() -> None:
    program = (
        "import sys, verifiers; verifiers.VerifyRequest, verifiers.Grader\n"
        "heavy = ('torch', 'ray', 'vllm', 'sympy', 'fastapi', 'httpx')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
