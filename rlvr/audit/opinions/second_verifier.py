"""A second verifier: what a person writes to name one, and how it is asked about responses.

    "math_verify" | "math@http://..." | "code@time_limit_s=20" --parse_second_verifier--> SecondVerifier
    SecondVerifier, requests --ask_opinions--> rows of `OPINION_SCHEMA`

Which responses it is asked about is others' business (`grading_again.py`, `shadow.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from rlvr.audit.books.rows import storable
from rlvr.audit.books.schema import Row, canonical_json
from rlvr.errors import ConfigError
from verifiers import LocalVerifierClient, Verdict, VerifierClient, VerifierError, VerifierUnavailableError
from verifiers import VerifyRequest as Request
from verifiers.errors import error_kind
from verifiers.registry import VERIFIERS, load_verifier


@dataclass(frozen=True, slots=True)
class SecondVerifier:
    """Who grades again: a verifier, where it runs, and what its requests say besides the problem."""

    spec: str
    """As the person wrote it."""
    verifier: str
    """A name, or a third party's `pkg.module:Class`."""
    url: str | None = None
    """None: in child processes here."""
    options: dict[str, JsonValue] = field(default_factory=dict)
    """Take the place of the problem's `extra` of the same name, such as `time_limit_s`."""

    @property
    def opinion(self) -> str:
        """The folder of its verdicts."""
        return re.sub(r"[^A-Za-z0-9._=-]+", "_", self.spec).strip("._") or "opinion"

    @property
    def grades(self) -> str:
        """The verifier whose rows it is asked about."""
        return load_verifier(self.verifier).name if ":" in self.verifier else self.verifier

    def request(
        self, response: str, ground_truth: JsonValue, prompt: str, extra: Mapping[str, JsonValue]
    ) -> Request:
        """The question about one response to a problem."""
        return Request(
            verifier=self.verifier,
            response=response,
            ground_truth=ground_truth,
            prompt=prompt,
            extra={**extra, **self.options},
        )


def parse_second_verifier(spec: str) -> SecondVerifier:
    """Read `NAME`, `NAME@http://host:port` or `NAME@option=value,option=value`; values are JSON or text.

    Raises:
        ConfigError: it is none of these.
    """
    verifier, at, rest = spec.partition("@")
    if ":" not in verifier and verifier not in VERIFIERS:
        raise ConfigError(f"no verifier {verifier!r}; have {', '.join(VERIFIERS)}, or give pkg.module:Class")
    if rest.startswith(("http://", "https://")):
        return SecondVerifier(spec, verifier, url=rest)
    pairs = [pair.partition("=") for pair in rest.split(",")] if at else []
    if not all(name and equals for name, equals, _ in pairs):
        raise ConfigError(f"{spec!r}: after the @ comes a URL, or option=value,option=value")
    return SecondVerifier(spec, verifier, options={name: _value(text) for name, _, text in pairs})


def _value(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value


class Client(Protocol):
    async def verify_batch(self, requests: Sequence[Request]) -> list[Verdict | VerifierError]: ...


@asynccontextmanager
async def open_client(second: SecondVerifier, *, workers: int, deadline_s: float) -> AsyncIterator[Client]:
    """The verifier where it runs: at its URL, or in `workers` child processes that end with the context."""
    if second.url is not None:
        async with VerifierClient(second.url, deadline_s=deadline_s) as remote:
            yield remote
    else:
        table = {second.verifier: VERIFIERS.get(second.verifier, second.verifier)}
        async with LocalVerifierClient(table, workers=workers, deadline_s=deadline_s) as local:
            yield local


async def ask_opinions(
    client: Client, second: SecondVerifier, questions: Sequence[tuple[str, Request]]
) -> list[Row]:
    """The opinions on rows given as (row hash, request); what could not be taken now is left out.

    Raises:
        VerifierUnavailableError: a service gave no answer at all.
    """
    outcomes = await client.verify_batch([request for _, request in questions])
    return [
        {"opinion": second.opinion, "row_hash": row_hash, **_columns(outcome)}
        for (row_hash, _), outcome in zip(questions, outcomes, strict=True)
        if not isinstance(outcome, VerifierUnavailableError)
    ]


def _columns(outcome: Verdict | VerifierError) -> Row:
    if isinstance(outcome, VerifierError):
        return {"reason": error_kind(outcome)}
    return {
        "verifier": outcome.verifier,
        "verifier_version": outcome.version,
        "verifier_digest": outcome.digest,
        "status": outcome.status.value,
        "score": outcome.score,
        "answer": None if outcome.answer is None else storable(outcome.answer),
        "reason": storable(outcome.reason),
        "evidence": storable(canonical_json(outcome.evidence)),
        "elapsed_ms": outcome.elapsed_ms,
    }
