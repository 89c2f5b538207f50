"""What a request passes before any endpoint sees it: request id, token, body limits; and what ends it early.

A plain ASGI middleware, so that a body over the limit is refused while it is still arriving, and a request
whose client has left is cancelled: what still waits for a worker is then never started. A request that the
server cancels because it ends is answered 503.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import uuid
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandboxes.service.bodies import ClientLeftError
from verifiers.errors import UnauthorizedError, VerifierError, VerifierUnavailableError
from verifiers.service.bodies import Bodies
from verifiers.service.config import ServiceConfig
from verifiers.service.problems import problem_of, problem_response

OPEN_PATHS = frozenset({"/livez", "/readyz"})
ECHOED_HEADERS = ("x-request-id", "traceparent")

_REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


class Gate:
    """Wraps an ASGI app."""

    def __init__(self, app: ASGIApp, config: ServiceConfig) -> None:
        self._app = app
        self._config = config
        self._bodies = Bodies(config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        echoed = _echoed(headers)
        scope.setdefault("state", {})["request_id"] = echoed["x-request-id"]
        reply = _Reply(send, echoed)
        try:
            self._check_token(scope["path"], headers)
            async with self._bodies.read(headers, receive) as body:
                await self._answer(scope, body, receive, reply)
        except ClientLeftError:
            return
        except VerifierError as error:
            await self._refuse(error, scope, receive, reply)
        except asyncio.CancelledError:  # by the server, which ends: whoever asks again finds the next one
            if not reply.has_begun:
                await self._refuse(VerifierUnavailableError("the service is ending"), scope, receive, reply)
            raise

    async def _refuse(self, error: VerifierError, scope: Scope, receive: Receive, reply: _Reply) -> None:
        refusal = problem_of(error).model_copy(
            update={"instance": scope["path"], "request_id": scope["state"]["request_id"]}
        )
        response = problem_response(refusal, retry_after_s=self._config.retry_after_s)
        await response(scope, receive, reply.send)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, reply: _Reply) -> None:
        """Run the app until it has answered or its client has left."""
        leaving = asyncio.ensure_future(receive())  # after the body, only a disconnect comes
        working = asyncio.ensure_future(self._app(scope, _replay(body, leaving), reply.send))
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if reply.is_complete:
                await asyncio.wait((working,))
        finally:
            working.cancel()
            leaving.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)
        if not working.cancelled():
            working.result()

    def _check_token(self, path: str, headers: Headers) -> None:
        token = self._config.token
        if token is None or path in OPEN_PATHS:
            return
        if not hmac.compare_digest(_given_token(headers).encode(), token.encode()):
            raise UnauthorizedError("send the service's token as 'Authorization: Bearer ...'")


class _Reply:
    """The way back: adds the ids to the headers and knows when all is said."""

    def __init__(self, send: Send, echoed: Mapping[str, str]) -> None:
        self._send = send
        self._echoed = echoed
        self.has_begun = False
        self.is_complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            MutableHeaders(scope=message).update(self._echoed)
        elif message["type"] == "http.response.body":
            self.is_complete = not message.get("more_body", False)
        await self._send(message)


def _given_token(headers: Headers) -> str:
    """The bearer token, or the password of basic authentication: trainers that can only be given a URL send
    what stands in it (`http://any:TOKEN@host`)."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return value if scheme.lower() == "bearer" else ""
    try:
        return base64.b64decode(value, validate=True).decode("utf-8").partition(":")[2]
    except ValueError:  # not base64, not UTF-8, or not even ASCII
        return ""


def _echoed(headers: Headers) -> Mapping[str, str]:
    """Ids to send back; a missing or odd request id is replaced by one of ours."""
    found = {name: headers[name] for name in ECHOED_HEADERS if _REQUEST_ID.fullmatch(headers.get(name, ""))}
    return {"x-request-id": uuid.uuid4().hex, **found}


def _replay(body: bytes, leaving: asyncio.Future[Message]) -> Receive:
    """A receive channel that gives the body once and then what really comes, which is a disconnect."""
    pending = [body]

    async def replayed() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await asyncio.shield(leaving)

    return replayed
