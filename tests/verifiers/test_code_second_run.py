"""Programs graded again in another sandbox: the same verdicts, under another digest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from verifiers.base import Verifier
from verifiers.code.second_run import DockerRun
from verifiers.digest import digest
from verifiers.registry import load_verifier


@pytest.fixture(scope="module")
def second() -> Iterator[Verifier]:
    verifier = load_verifier("verifiers.code.second_run:BubblewrapRun")
    yield verifier
    verifier.close()


def test_another_sandbox_finds_the_same(second: Verifier) -> None:
    found = [second.verify(example.request("code")).score for example in second.examples]
    assert found == [example.score for example in second.examples]


def test_it_answers_to_code_and_tells_itself_apart(second: Verifier) -> None:
    first = load_verifier("code")
    assert second.name == first.name
    assert len({digest(first), digest(second), digest(DockerRun())}) == 3
