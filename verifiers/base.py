"""What a verifier is.

A verifier takes a `VerifyRequest` and returns a `Verdict`. It sees no tokenizer, no config file and no
trainer. It raises `GroundTruthError` for a malformed reference, returns `graded` or `no_answer` for whatever
a model may have written, and `undecided` when it cannot tell. It is called from one thread at a time, in a
worker process that is killed when `wall_limit_s` has passed, so it needs no clock of its own.

A third party's verifier is any class with these members and a constructor without required arguments; it is
named by its import path, `pkg.module:Class`. Subclassing `Verifier` supplies the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

from pydantic import JsonValue

from verifiers.types import Verdict, VerifyRequest


@dataclass(frozen=True)
class Example:
    """A case whose verdict is known; graded before a service says it is ready, and by the conformance
    suite."""

    response: str
    ground_truth: JsonValue
    score: float | None
    """None means that `undecided` is the right verdict."""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)

    def request(self, verifier: str) -> VerifyRequest:
        return VerifyRequest(
            verifier=verifier, response=self.response, ground_truth=self.ground_truth, extra=dict(self.extra)
        )


@runtime_checkable
class Verifier(Protocol):
    """Grades responses of one kind of task."""

    name: ClassVar[str]
    """Short and lower-case; what requests and verdicts say."""
    version: ClassVar[str] = "1"
    """Raised by hand when verdicts change on purpose; the digest changes with every byte."""
    wall_limit_s: ClassVar[float] = 10.0
    """A grading that takes longer is killed, tried once more, and then `undecided`."""
    examples: ClassVar[Sequence[Example]] = ()
    """At least one right and one wrong answer."""

    def options(self) -> Mapping[str, JsonValue]:
        """The policies in force; part of the digest."""
        return {}

    def verify(self, request: VerifyRequest) -> Verdict:
        """Grade one response.

        Raises:
            GroundTruthError: the reference is malformed, whatever the response says.
        """
        ...

    def warm_up(self) -> None:
        """Start what the first request would otherwise wait for; called once in worker processes."""
        return

    def close(self) -> None:
        """End what this verifier started; called once, when no more requests come."""
        return
