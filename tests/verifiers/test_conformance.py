"""Every verifier of the table keeps every promise; so must a third party's."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import pytest

from verifiers.base import Example, Verifier
from verifiers.conformance import CHECKS, ConformanceError, check_all
from verifiers.registry import VERIFIERS, load_verifier
from verifiers.types import Verdict, VerifyRequest


@pytest.fixture(scope="module", params=list(VERIFIERS))
def verifier(request: pytest.FixtureRequest) -> Iterator[Verifier]:
    loaded = load_verifier(request.param)
    yield loaded
    loaded.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_verifier_of_the_table(verifier: Verifier, check: Callable[[Verifier], None]) -> None:
    check(verifier)


class GullibleVerifier(Verifier):
    name: ClassVar[str] = "gullible"
    examples: ClassVar[Sequence[Example]] = (Example("good", "good", 1.0), Example("bad", "good", 0.0))

    def verify(self, request: VerifyRequest) -> Verdict:
        return Verdict.compared(request.response != "bad", request.response)


def test_a_verifier_that_believes_everything_is_found_out() -> None:
    with pytest.raises(ConformanceError):
        check_all(GullibleVerifier())
