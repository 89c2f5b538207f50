"""The verifier service of a run: brought up, proved ready, kept up, and ended.

    VerifierConfig --start_verifiers--> VerifierService (url, token)

    actor   the app of `verifiers.service` under uvicorn in a Ray actor, see `verifier_actor`
    serve   the same app on Ray Serve, see `serve_app`
    url     a service that somebody else runs

From here on it is spoken to over HTTP, whatever its kind.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from rlvr.cluster.serve_app import start_serve, stop_serve
from rlvr.cluster.verifier_actor import SupervisedService
from rlvr.config import VerifierConfig
from rlvr.errors import ConfigError, VerifierDownError
from verifiers import VerifierError
from verifiers.registry import load_verifier, plugin_table
from verifiers.service.config import ServiceConfig

HOST = "127.0.0.1"
READY_LIMIT_S = 120.0
"""Every verifier grades its own examples first, and those of `code` run programs."""
POLL_S = 0.1
POLL_LIMIT_S = 10.0
DRAIN_LIMIT_S = 5.0
"""At the end of a run nobody waits for verdicts any more."""
TOKEN_VARIABLE = "VERIFIERS_TOKEN"
"""Bearer token of a service that somebody else runs; ours has one of its own."""
MAX_PORT = 65535


class _Listed(BaseModel):
    """A verifier, as far as a run wants to know about it."""

    name: str
    digest: str


_LISTING = TypeAdapter(Annotated[list[_Listed], Field(min_length=1)])


@dataclass(frozen=True, slots=True)
class VerifierService:
    """A service that has graded every verifier's examples."""

    url: str
    token: str | None
    _stop: Callable[[], Awaitable[None]]

    async def digests(self) -> dict[str, str]:
        """The content hash of each verifier, by name; waits for a service that is busy or comes back.

        Raises:
            ConfigError: what answers there is no verifier service, or wants another token.
            VerifierDownError: it did not say within READY_LIMIT_S.
        """
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=POLL_LIMIT_S) as http:
            listing = await _answer(http, "/v1/verifiers", READY_LIMIT_S, _no_failure)
        try:
            listed = _LISTING.validate_json(listing)
        except ValidationError as error:
            raise ConfigError(
                f"{self.url} is no verifier service: its /v1/verifiers answers {listing[:80]!r}"
            ) from error
        return {verifier.name: verifier.digest for verifier in listed}

    async def close(self) -> None:
        """End what was started; a service that somebody else runs is left alone."""
        await self._stop()


async def start_verifiers(config: VerifierConfig, *, only: frozenset[str] | None = None) -> VerifierService:
    """Bring the service up and wait until it is ready; needs a running Ray.

    Args:
        only: the verifiers that the run's problems name; None is all. Plug-ins are always there.

    Raises:
        ConfigError: the port is in use, a plug-in cannot be loaded, or the url is no verifier service's.
        VerifierDownError: it did not become ready; the message says why.
    """
    if config.url is not None:
        running = VerifierService(_checked(config.url), os.environ.get(TOKEN_VARIABLE), _leave_alone)
        await _wait_until_ready(running, config.deadline_s, _no_failure)
        return running
    table = _table(config, only)
    port = claim_port(config.port)
    token = secrets.token_hex(16)  # that another program on the port does not know
    service = ServiceConfig(workers=config.workers, drain_limit_s=DRAIN_LIMIT_S, token=token)
    if config.kind == "serve":
        replicas = config.max_replicas
        await start_serve(table, service, HOST, port, max_replicas=replicas, limit_s=READY_LIMIT_S)
        stop, failure = stop_serve, _no_failure
    else:
        actor = SupervisedService(table, service, HOST, port)
        stop, failure = actor.stop, actor.failure
    started = VerifierService(f"http://{HOST}:{port}", token, stop)
    try:
        await _wait_until_ready(started, READY_LIMIT_S, failure)
    except BaseException:
        await stop()
        raise
    return started


def claim_port(port: int) -> int:
    """The port itself where it is free on loopback, or a free one for 0.

    Raises:
        ConfigError: something listens on it already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(
                f"verifier.port = {port} cannot be listened on ({error.strerror}): free it, choose another, "
                "or leave it at 0 for any free one"
            ) from error
        free: int = probe.getsockname()[1]
    return free


def _table(config: VerifierConfig, only: frozenset[str] | None) -> dict[str, str]:
    """The verifiers to serve; plug-ins are loaded here once, so that a broken one is found at once."""
    try:
        for path in config.plugins.values():
            load_verifier(path).close()
        return plugin_table(config.plugins, only=only)
    except VerifierError as error:
        raise ConfigError(f"verifier.plugins: {error}") from error


def _checked(url: str) -> str:
    """The address of a service that somebody else runs, if it can be one."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ConfigError(f"verifier.url = {url!r} is no address: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or (parsed.port or 0) > MAX_PORT:
        raise ConfigError(f"verifier.url = {url!r} is no address such as http://host:8080")
    return url


async def _wait_until_ready(
    service: VerifierService, limit_s: float, failure: Callable[[], BaseException | None]
) -> None:
    """Wait for its /readyz, and see that it is a verifier service, and the one that takes this token.

    Raises:
        ConfigError: it is another one, or none.
        VerifierDownError: it was not ready within `limit_s`, or `failure` says that it never will.
    """
    async with httpx.AsyncClient(base_url=service.url, timeout=POLL_LIMIT_S) as http:
        await _answer(http, "/readyz", limit_s, failure)
    await service.digests()


async def _answer(
    http: httpx.AsyncClient, path: str, limit_s: float, failure: Callable[[], BaseException | None]
) -> bytes:
    """Ask until the service answers with 200."""
    deadline = time.monotonic() + limit_s
    while isinstance(said := await _asked(http, path), str):
        if (error := failure()) is not None:
            raise VerifierDownError(f"the verifier service ended while it started: {error}") from error
        if time.monotonic() > deadline:
            raise VerifierDownError(
                f"the verifier service at {http.base_url} was not ready within {limit_s:.0f} s: {path} "
                f"answered {said}; see `python -m verifiers doctor`"
            )
        await asyncio.sleep(POLL_S)
    return said


async def _asked(http: httpx.AsyncClient, path: str) -> bytes | str:
    """What it answers with 200, or why it does not."""
    try:
        response = await http.get(path)
    except httpx.TransportError as error:
        return f"{type(error).__name__} {error}".strip()
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise ConfigError(
            f"the verifier service at {http.base_url} asks for another token: give that of a service that "
            f"somebody else runs in {TOKEN_VARIABLE}"
        )
    return response.content if response.status_code == httpx.codes.OK else response.text


def _no_failure() -> BaseException | None:
    """Not ours to watch: Serve mends its replicas, and somebody else's service is theirs."""
    return None


async def _leave_alone() -> None:
    """Not ours to end."""
