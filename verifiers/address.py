"""Where a service is and the token it asks for: checked once, before anything is sent.

A URL or a token that no request can be made with would look like a service that is down, and be tried again
until the deadline; and the library that cannot send a token shows it in its error.
"""

from __future__ import annotations

import re

import httpx

from verifiers.errors import VerifierSetupError

_CREDENTIALS = re.compile(r"//[^/]*@")
_SENDABLE = re.compile(r"[!-~]+")


def checked_url(url: str) -> httpx.URL:
    """The address of a service.

    Raises:
        VerifierSetupError: it is not one.
    """
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL:
        parsed = httpx.URL()
    port_fits = parsed.port is None or 0 < parsed.port < 2**16
    if parsed.scheme not in ("http", "https") or not parsed.host or not port_fits:
        raise VerifierSetupError(f"a service's URL looks like http://127.0.0.1:8080, not {shown(url)!r}")
    return parsed


def shown(url: str | httpx.URL) -> str:
    """A URL for messages, without the credentials that it may hold."""
    return _CREDENTIALS.sub("//", str(url))


def authorization(token: str | None) -> dict[str, str]:
    """The headers that show the token; white space around it is left out, and none is sent for a blank one.

    Raises:
        VerifierSetupError: no header can hold it.
    """
    text = (token or "").strip()
    if not text:
        return {}
    if not _SENDABLE.fullmatch(text):
        raise VerifierSetupError(
            "the service's token holds a space, a control character or a letter beyond ASCII: no header can "
            "carry it"
        )
    return {"Authorization": f"Bearer {text}"}
