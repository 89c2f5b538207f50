"""A batch on its way to the service, in pieces: what is still missing, and what came back.

    requests --pieces_of--> Pieces      Piece.body() --the clients--> response --Piece.take--> outcomes

No input or output here, so that the async and the sync client share it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx

from verifiers.errors import VerifierError, VerifierUnavailableError
from verifiers.retrying import Attempts
from verifiers.types import Verdict, VerifyRequest
from verifiers.wire import batch_body, read_batch, request_body

BATCH_ITEMS = 256
"""Larger batches are sent in pieces of this size, so that no reply is waited for much longer than another."""


class Piece:
    """Items that are asked together. Those that got no verdict in time are asked again."""

    def __init__(self, requests: Sequence[VerifyRequest], attempts: Attempts) -> None:
        self.attempts = attempts
        self.outcomes: list[Verdict | VerifierError] = [VerifierUnavailableError("not asked")] * len(requests)
        """In request order."""
        self.missing = list(range(len(requests)))
        """Which of them have no final outcome."""
        self.was_answered = False
        self._requests = requests

    def body(self) -> bytes:
        """What to send: the missing items, and how long an answer is of use.

        Raises:
            VerifierUnavailableError: the deadline has passed.
        """
        items = [request_body(self._requests[index]) for index in self.missing]
        return batch_body(items, self.attempts.useful_s)

    def take(self, response: httpx.Response) -> float:
        """Put what was answered in its place; seconds to wait before the rest is asked again.

        Raises:
            VerifierUnavailableError: items are missing, and there is no time to ask again.
            VerifierError: the service refused the batch as a whole.
        """
        answered = read_batch(response, asked=len(self.missing))
        self.was_answered = True
        for index, outcome in zip(self.missing, answered, strict=True):
            self.outcomes[index] = outcome
        self.missing = [
            index for index in self.missing if isinstance(self.outcomes[index], VerifierUnavailableError)
        ]
        return self.attempts.next_pause_s() if self.missing else 0.0


def pieces_of(requests: Sequence[VerifyRequest], new_attempts: Callable[[], Attempts]) -> list[Piece]:
    """A batch cut into pieces, in order."""
    return [
        Piece(requests[at : at + BATCH_ITEMS], new_attempts()) for at in range(0, len(requests), BATCH_ITEMS)
    ]
