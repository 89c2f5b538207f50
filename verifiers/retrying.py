"""When a client tries again, and when it gives up.

Full jitter: the pause before try n is uniform in [0, min(cap, base * 2^n)], behind the service's Retry-After
if it gives one, so that those who were refused together do not come back together. The deadline bounds the
whole call; a pause that would end behind it is not taken.
"""

from __future__ import annotations

import email.utils
import random
import time

import httpx

from verifiers.errors import VerifierUnavailableError

TRANSIENT_STATUS = frozenset({429, 502, 503, 504})
"""Asking again may help, whoever answers."""
BASE_PAUSE_S = 0.1
MAX_PAUSE_S = 5.0
WAY_BACK_SHARE = 0.05
MIN_WAY_BACK_S = 0.5
"""The service is told less than the client waits, by a share and at least by this."""
MIN_TIMEOUT_S = 0.001


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
            raise self.out_of_time()
        return remaining

    def check_deadline(self) -> None:
        """Raise what `remaining_s` raises."""
        _ = self.remaining_s

    @property
    def useful_s(self) -> float:
        """For how long the service may take: less than is left, because its answer has to come back too.

        Raises:
            VerifierUnavailableError: nothing is left.
        """
        remaining_s = self.remaining_s
        way_back_s = max(MIN_WAY_BACK_S, WAY_BACK_SHARE * remaining_s)
        return max(MIN_TIMEOUT_S, remaining_s - way_back_s, remaining_s / 2)

    @property
    def headers(self) -> dict[str, str]:
        """Tells the service for how long an answer is of use, so that it starts nothing in vain."""
        return {"X-Request-Timeout": f"{self.useful_s:.3f}"}

    def out_of_time(self) -> VerifierUnavailableError:
        return VerifierUnavailableError(f"{self._url} did not answer before the deadline")

    def pause_after_error(self, error: httpx.RequestError) -> float:
        return self._pause(f"{type(error).__name__}: {error}", at_least_s=0.0)

    def pause_after_refusal(self, response: httpx.Response) -> float:
        return self._pause(
            f"HTTP {response.status_code}", at_least_s=_retry_after_s(response.headers.get("Retry-After", ""))
        )

    def next_pause_s(self) -> float:
        return self._pause("items were not started in time", at_least_s=0.0)

    def _pause(self, reason: str, *, at_least_s: float) -> float:
        """Seconds to wait before the next try.

        Raises:
            VerifierUnavailableError: the next try would come after the deadline.
        """
        ceiling_s = min(MAX_PAUSE_S, BASE_PAUSE_S * 2.0**self._tries)
        self._tries += 1
        pause_s = max(0.0, at_least_s) + random.uniform(0.0, ceiling_s)
        if time.monotonic() + pause_s >= self._deadline:
            raise VerifierUnavailableError(
                f"{self._url} gave no verdict in {self._tries} tries; last: {reason}"
            )
        return pause_s


def _retry_after_s(header: str) -> float:
    """Seconds that a Retry-After header asks for, as a number or as a date; 0 where it says neither."""
    if header.isdecimal():
        return float(header)
    try:
        return email.utils.parsedate_to_datetime(header).timestamp() - time.time()
    except ValueError:
        return 0.0
