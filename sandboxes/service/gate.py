"""What a request passes before any endpoint sees it: request id, token, size and arrival of its body.

A plain ASGI middleware, so that a body over the limit is refused while it is still arriving.
"""

from __future__ import annotations

import base64
import hmac
import re
import uuid
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandboxes.errors import SandboxError, UnauthorizedError
from sandboxes.service.bodies import Bodies, ClientLeftError
from sandboxes.service.config import ServiceConfig
from sandboxes.service.problems import located, problem_of, problem_response

OPEN_PATHS = frozenset({"/livez", "/readyz", "/v1/ping"})
ECHOED_HEADERS = ("x-request-id", "traceparent")

_REQUEST_ID = re.compile(r"[\w.:-]{1,128}")


class Gate:
    """Wraps an ASGI app."""

    def __init__(self, app: ASGIApp, config: ServiceConfig) -> None:
        self._app = app
        self._config = config
        self._bodies = Bodies(
            max_body_bytes=config.max_body_bytes,
            max_held_bytes=config.max_held_bytes,
            timeout_s=config.body_timeout_s,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        echoed = _echoed(headers)
        scope.setdefault("state", {})["request_id"] = echoed["x-request-id"]

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(echoed)
            await send(message)

        try:
            self._check_token(scope["path"], headers)
            async with self._bodies.read(headers, receive) as body:
                await self._app(scope, _replay(body, receive), send_with_ids)
        except ClientLeftError:
            return
        except SandboxError as error:  # of ours: the app explains its own
            refusal = located(problem_of(error), scope["path"], echoed["x-request-id"])
            response = problem_response(refusal, retry_after_s=self._config.retry_after_s)
            await response(scope, receive, send_with_ids)

    def _check_token(self, path: str, headers: Headers) -> None:
        token = self._config.token
        if token is None or path in OPEN_PATHS:
            return
        if not hmac.compare_digest(_given_token(headers.get("authorization", "")), token.encode()):
            raise UnauthorizedError("send the service's token as 'Authorization: Bearer ...'")


def _given_token(authorization: str) -> bytes:
    """The bearer token, or the password of Basic: a client that can set no header puts it into the URL."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.encode()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except ValueError:  # not base64, or not even ASCII
            return b""
    return b""


def _echoed(headers: Headers) -> Mapping[str, str]:
    """Ids to send back; a missing or odd request id is replaced by one of ours."""
    found = {name: headers[name] for name in ECHOED_HEADERS if _REQUEST_ID.fullmatch(headers.get(name, ""))}
    return {"x-request-id": uuid.uuid4().hex, **found}


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives the body once and then what really comes, such as a disconnect."""
    pending = [body]

    async def replayed() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return replayed
