"""The verifier service in a Ray actor: the app under uvicorn, on a loopback port that outlives its process.

Ray starts a dead actor again and calls `serve` again, on the same port; a client's retries bridge the
gap. Worker processes end with the actor: their stdin closes, and Ray kills the process group.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any

import ray
from ray.exceptions import RayError

from rlvr.cluster.session import beside_driver
from verifiers.errors import VerifierSetupError
from verifiers.service.config import ServiceConfig
from verifiers.service.serve import VerifierServer

STOP_MARGIN_S = 5.0
LISTEN_LIMIT_S = 30.0
LISTEN_RETRY_S = 0.2

log = logging.getLogger(__name__)


@ray.remote(max_restarts=-1)
class VerifierActor:
    """One server. No logic here: the service is tested without Ray."""

    def __init__(self, table: Mapping[str, str], config: ServiceConfig, host: str, port: int) -> None:
        self._table = table
        self._config = config
        self._host = host
        self._port = port
        self._server: VerifierServer | None = None

    @ray.method(max_task_retries=-1)
    async def serve(self) -> None:
        """Serve until `stop`; called again by Ray when the process died."""
        self._server = await self._listen()
        await self._server.serve()

    async def _listen(self) -> VerifierServer:
        """While the process was dead, anybody's connection may have taken the port for a moment."""
        deadline = time.monotonic() + LISTEN_LIMIT_S
        while True:
            try:
                return VerifierServer(self._table, self._config, host=self._host, port=self._port)
            except VerifierSetupError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(LISTEN_RETRY_S)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.stop()


class SupervisedService:
    """The actor as its driver sees it: there until `stop`, however often its process dies."""

    def __init__(self, table: Mapping[str, str], config: ServiceConfig, host: str, port: int) -> None:
        self._stop_limit_s = config.drain_limit_s + STOP_MARGIN_S
        actor_class: Any = VerifierActor  # ray.remote has no precise type
        placed = actor_class.options(num_cpus=0, scheduling_strategy=beside_driver())
        self._actor = placed.remote(table, config, host, port)
        self._serving: asyncio.Future[Any] = asyncio.wrap_future(self._actor.serve.remote().future())
        self._serving.add_done_callback(_report)

    def failure(self) -> BaseException | None:
        """Why the service ended for good, once it has."""
        return self._serving.exception() if self._serving.done() else None

    async def stop(self) -> None:
        """Finish what is in flight, then end the process."""
        self._serving.remove_done_callback(_report)
        with contextlib.suppress(RayError, TimeoutError):  # it is killed below in any case
            async with asyncio.timeout(self._stop_limit_s):
                await self._actor.stop.remote()
                await self._serving
        ray.kill(self._actor)


def _report(serving: asyncio.Future[Any]) -> None:
    if not serving.cancelled() and (error := serving.exception()) is not None:
        log.error("the verifier service ended: %s", error)
