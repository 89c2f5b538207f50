"""Post until there is an answer, for callers without an event loop.

A server that sends a byte now and then stays within every timeout of a read: the deadline is looked at
between the parts of an answer as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from verifiers.retrying import Attempts


def post(
    http: httpx.Client,
    path: str,
    body: bytes,
    attempts: Attempts,
    is_transient: Callable[[httpx.Response], bool],
) -> httpx.Response:
    """One answered request; transient failures are retried until the deadline.

    Raises:
        VerifierUnavailableError: there was no answer before the deadline.
    """
    while True:
        try:
            response = _answer(http, path, body, attempts)
        except httpx.RequestError as error:
            time.sleep(attempts.pause_after_error(error))
            continue
        if not is_transient(response):
            return response
        time.sleep(attempts.pause_after_refusal(response))


def _answer(http: httpx.Client, path: str, body: bytes, attempts: Attempts) -> httpx.Response:
    with http.stream(
        "POST", path, content=body, headers=attempts.headers, timeout=attempts.remaining_s
    ) as arriving:
        parts = []
        for part in arriving.iter_raw():
            parts.append(part)
            attempts.check_deadline()
    return httpx.Response(
        arriving.status_code, headers=arriving.headers, content=b"".join(parts), request=arriving.request
    )
