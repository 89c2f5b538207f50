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
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

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
"""Bearer token of a service that somebody else runs; ours listens on loopback and needs none."""


@dataclass(frozen=True, slots=True)
class VerifierService:
    """A service that has graded every verifier's examples."""

    url: str
    token: str | None
    _stop: Callable[[], Awaitable[None]]

    async def digests(self) -> dict[str, str]:
        """The content hash of each verifier, by name.

        Raises:
            VerifierDownError: the service does not say.
        """
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers) as http:
            try:
                response = (await http.get("/v1/verifiers")).raise_for_status()
            except httpx.HTTPError as error:
                raise VerifierDownError(f"{self.url} does not list its verifiers: {error}") from error
        return {about["name"]: about["digest"] for about in response.json()}

    async def close(self) -> None:
        """End what was started; a service that somebody else runs is left alone."""
        await self._stop()


async def start_verifiers(config: VerifierConfig, *, only: frozenset[str] | None = None) -> VerifierService:
    """Bring the service up and wait until it is ready; needs a running Ray.

    Args:
        only: the verifiers that the run's problems name; None is all. Plug-ins are always there.

    Raises:
        ConfigError: the port is in use, or a plug-in cannot be loaded; nothing was started.
        VerifierDownError: it did not become ready; the message says why.
    """
    if config.url is not None:
        await _wait_until_ready(config.url, config.deadline_s, _no_failure)
        return VerifierService(config.url, os.environ.get(TOKEN_VARIABLE), _leave_alone)
    table = _table(config, only)
    port = claim_port(config.port)
    url = f"http://{HOST}:{port}"
    service = ServiceConfig(workers=config.workers, drain_limit_s=DRAIN_LIMIT_S)
    if config.kind == "serve":
        replicas = config.max_replicas
        await start_serve(table, service, HOST, port, max_replicas=replicas, limit_s=READY_LIMIT_S)
        stop, failure = stop_serve, _no_failure
    else:
        actor = SupervisedService(table, service, HOST, port)
        stop, failure = actor.stop, actor.failure
    try:
        await _wait_until_ready(url, READY_LIMIT_S, failure)
    except BaseException:
        await stop()
        raise
    return VerifierService(url, None, stop)


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


async def _wait_until_ready(url: str, limit_s: float, failure: Callable[[], BaseException | None]) -> None:
    """Ask /readyz until it says yes.

    Raises:
        VerifierDownError: it did not within `limit_s`, or `failure` says that it never will.
    """
    deadline = time.monotonic() + limit_s
    async with httpx.AsyncClient(base_url=url, timeout=POLL_LIMIT_S) as http:
        while (reason := await _not_ready(http)) is not None:
            if (error := failure()) is not None:
                raise VerifierDownError(f"the verifier service ended while it started: {error}") from error
            if time.monotonic() > deadline:
                raise VerifierDownError(
                    f"the verifier service at {url} was not ready within {limit_s:.0f} s: {reason}; "
                    "see `python -m verifiers doctor`"
                )
            await asyncio.sleep(POLL_S)


async def _not_ready(http: httpx.AsyncClient) -> str | None:
    """Why the service is not ready; None once it is."""
    try:
        response = await http.get("/readyz")
    except httpx.TransportError as error:
        return f"{type(error).__name__} {error}".strip()
    return None if response.status_code == httpx.codes.OK else response.text


def _no_failure() -> BaseException | None:
    """Not ours to watch: Serve mends its replicas, and somebody else's service is theirs."""
    return None


async def _leave_alone() -> None:
    """Not ours to end."""
