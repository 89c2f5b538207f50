"""What a request passes before any endpoint sees it: request id, bearer token, body size.

A plain ASGI middleware, so that a body over the limit is refused while it is still arriving.
"""

from __future__ import annotations

import hmac
import re
import uuid
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from verifiers.errors import RequestTooLargeError, UnauthorizedError, VerifierError
from verifiers.service.config import ServiceConfig
from verifiers.service.problems import problem_of, problem_response

OPEN_PATHS = frozenset({"/livez", "/readyz"})
ECHOED_HEADERS = ("x-request-id", "traceparent")

_REQUEST_ID = re.compile(r"[\w.:-]{1,128}")


class Gate:
    """Wraps an ASGI app."""

    def __init__(self, app: ASGIApp, config: ServiceConfig) -> None:
        self._app = app
        self._config = config

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
            body = await self._read_body(headers, receive)
        except VerifierError as error:
            refusal = problem_of(error).model_copy(
                update={"instance": scope["path"], "request_id": echoed["x-request-id"]}
            )
            response = problem_response(refusal, retry_after_s=self._config.retry_after_s)
            await response(scope, receive, send_with_ids)
            return
        await self._app(scope, _replay(body, receive), send_with_ids)

    def _check_token(self, path: str, headers: Headers) -> None:
        token = self._config.token
        if token is None or path in OPEN_PATHS:
            return
        given = headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise UnauthorizedError("send the service's token as 'Authorization: Bearer ...'")

    async def _read_body(self, headers: Headers, receive: Receive) -> bytes:
        limit = self._config.max_body_bytes
        announced = headers.get("content-length", "0")
        if announced.isdigit() and int(announced) > limit:
            raise RequestTooLargeError(f"a body of {announced} bytes, at most {limit}")
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise RequestTooLargeError(f"a body of more than {limit} bytes")
            chunks.append(chunk)
            if message["type"] != "http.request" or not message.get("more_body", False):
                return b"".join(chunks)


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
