"""A batch on its way to the service, in pieces: what is still missing, and what came back.

    requests --pieces_of--> Pieces      Piece.body() --the clients--> response --Piece.take--> outcomes

No input or output here, so that the async and the sync client share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import httpx

from verifiers.errors import (
    InvalidRequestError,
    RequestTooLargeError,
    VerifierError,
    VerifierUnavailableError,
)
from verifiers.retrying import Attempts
from verifiers.types import Verdict, VerifyRequest
from verifiers.wire import batch_body, read_batch, request_body

BATCH_ITEMS = 256
BATCH_BYTES = 16 * 2**20
"""Larger batches are sent in pieces of this size, so that no reply is waited for much longer than another and
no body is too large where its items are not. A single item may be larger."""

Item = bytes | InvalidRequestError
"""What is sent for a request, or why it cannot be."""


class Piece:
    """Items that are asked together; fewer at once where the service finds their body too large. Those that
    got no verdict in time are asked again."""

    def __init__(self, items: Sequence[Item], attempts: Attempts) -> None:
        self.attempts = attempts
        self.outcomes: list[Verdict | VerifierError] = [
            VerifierUnavailableError("not asked") if isinstance(item, bytes) else item for item in items
        ]
        """In request order."""
        self.missing = [index for index, item in enumerate(items) if isinstance(item, bytes)]
        """Which of them have no final outcome."""
        self.was_answered = False
        self.failure: VerifierError | None = None
        """Why the missing ones are given up."""
        self._items = items
        self._at_once = len(items)

    def body(self) -> bytes:
        """What to send: missing items, and how long an answer is of use.

        Raises:
            VerifierUnavailableError: the deadline has passed.
        """
        asked = (self._items[index] for index in self.missing[: self._at_once])
        return batch_body([item for item in asked if isinstance(item, bytes)], self.attempts.useful_s)

    def take(self, response: httpx.Response) -> float:
        """Put what was answered in its place; seconds to wait before the rest is asked.

        Raises:
            VerifierUnavailableError: items are missing, and there is no time to ask again.
            VerifierError: the service refused the batch as a whole.
        """
        asked, rest = self.missing[: self._at_once], self.missing[self._at_once :]
        try:
            answered = read_batch(response, asked=len(asked))
        except RequestTooLargeError as error:
            if len(asked) > 1:
                self._at_once = len(asked) // 2
                return 0.0
            answered = [error]
        self.was_answered = True
        for index, outcome in zip(asked, answered, strict=True):
            self.outcomes[index] = outcome
        again = [index for index in asked if isinstance(self.outcomes[index], VerifierUnavailableError)]
        self.missing = rest + again
        return self.attempts.next_pause_s() if again else 0.0

    def give_up(self, error: VerifierError) -> None:
        """No more will be asked: the missing items fail for this reason."""
        self.failure = error
        for index in self.missing:
            self.outcomes[index] = error


def pieces_of(requests: Sequence[VerifyRequest], new_attempts: Callable[[], Attempts]) -> list[Piece]:
    """A batch cut into pieces, in order."""
    return [Piece(part, new_attempts()) for part in _parts(map(_item, requests))]


def outcomes_of(pieces: Sequence[Piece]) -> list[Verdict | VerifierError]:
    """The outcomes of a batch, in order.

    Raises:
        VerifierError: why nothing of it was answered at all.
    """
    failure = next((piece.failure for piece in pieces if piece.failure is not None), None)
    if failure is not None and not any(piece.was_answered for piece in pieces):
        raise failure
    return [outcome for piece in pieces for outcome in piece.outcomes]


def _parts(items: Iterator[Item]) -> Iterator[list[Item]]:
    part: list[Item] = []
    size = 0
    for item in items:
        item_bytes = len(item) if isinstance(item, bytes) else 0
        if part and (len(part) == BATCH_ITEMS or size + item_bytes > BATCH_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
        size += item_bytes
    if part:
        yield part


def _item(request: VerifyRequest) -> Item:
    try:
        return request_body(request)
    except InvalidRequestError as error:
        return error
