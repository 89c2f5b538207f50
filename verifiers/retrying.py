"""When a client tries again, and when it gives up.

Full jitter: the pause before try n is uniform in [0, min(cap, base * 2^n)], never less than the service's
Retry-After. The deadline bounds the whole call; a pause that would end behind it is not taken.
"""

from __future__ import annotations

import random
import time

import httpx

from verifiers.errors import VerifierError, VerifierUnavailableError
from verifiers.types import Verdict

TRANSIENT_STATUS = frozenset({429, 502, 503, 504})
BASE_PAUSE_S = 0.1
MAX_PAUSE_S = 5.0


class Attempts:
    """The tries of one call.

    Args:
        url: for messages.
        deadline: on the clock of `time.monotonic`.
    """

    def __init__(self, url: str, *, deadline: float) -> None:
        self._url = url
        self._deadline = deadline
        self._tries = 0

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline.

        Raises:
            VerifierUnavailableError: none are left.
        """
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise VerifierUnavailableError(f"{self._url} did not answer before the deadline")
        return remaining

    def is_final(self, response: httpx.Response) -> bool:
        return response.status_code not in TRANSIENT_STATUS

    def worth_retrying(self, outcome: Verdict | VerifierError) -> bool:
        """Whether a batch item was only not started in time, and there is still time."""
        return isinstance(outcome, VerifierUnavailableError) and self._deadline > time.monotonic()

    def pause_after_error(self, error: httpx.TransportError) -> float:
        return self._pause(f"{type(error).__name__}: {error}", at_least_s=0.0)

    def pause_after_refusal(self, response: httpx.Response) -> float:
        asked = response.headers.get("Retry-After", "0")
        at_least_s = float(asked) if asked.isdigit() else 0.0
        return self._pause(f"HTTP {response.status_code}", at_least_s=at_least_s)

    def next_pause_s(self) -> float:
        return self._pause("items were not started in time", at_least_s=0.0)

    def _pause(self, reason: str, *, at_least_s: float) -> float:
        """Seconds to wait before the next try.

        Raises:
            VerifierUnavailableError: the next try would come after the deadline.
        """
        ceiling_s = min(MAX_PAUSE_S, BASE_PAUSE_S * 2.0**self._tries)
        self._tries += 1
        pause_s = max(at_least_s, random.uniform(0.0, ceiling_s))
        if time.monotonic() + pause_s >= self._deadline:
            raise VerifierUnavailableError(
                f"{self._url} gave no verdict in {self._tries} tries; last: {reason}"
            )
        return pause_s
