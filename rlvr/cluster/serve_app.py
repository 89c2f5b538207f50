"""The verifier service on Ray Serve: replicas that come and go with the load, behind Serve's proxy.

    the app factory of `verifiers.service` --one app per replica--> Serve, on a loopback port of its own

For clusters whose verdicts need more than one machine. Serve is one per Ray cluster, so two runs on
the same cluster cannot both have it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import ray
from fastapi import FastAPI
from ray import serve
from ray.exceptions import RayError
from ray.serve.config import AutoscalingConfig, HTTPOptions
from ray.serve.schema import ApplicationStatus, LoggingConfig

from rlvr.errors import ConfigError, InfrastructureError
from verifiers.service.app import create_app
from verifiers.service.config import ServiceConfig

NAME = "verifiers"
CONTROLLER = "SERVE_CONTROLLER_ACTOR"
QUIET = LoggingConfig(log_level="WARNING", enable_access_log=False)
UPSCALE_DELAY_S = 5.0
DOWNSCALE_DELAY_S = 60.0
POLL_S = 0.1
QUEUED_GROUPS = 256
"""Batches that may wait for a replica; above it Serve answers 503, and the client comes back."""
T = TypeVar("T")


async def start_serve(
    table: Mapping[str, str],
    config: ServiceConfig,
    host: str,
    port: int,
    *,
    max_replicas: int,
    limit_s: float,
) -> None:
    """Start Serve and the service on it; returns once the first replica runs. Where it does not return,
    cancelled or not, Serve is ended again.

    Raises:
        ConfigError: Serve runs on this cluster already.
        InfrastructureError: the service did not come up within `limit_s`; the message says what Serve says.
    """
    if await _in_thread(_is_running):
        raise ConfigError(
            "Ray Serve runs on this cluster already, maybe for another run: use verifier.kind = 'actor', "
            "or end it with `serve shutdown`"
        )
    deadline = time.monotonic() + limit_s
    try:
        await _in_thread(lambda: _deploy(_application(table, config, max_replicas), host, port))
        while (waits_for := await _in_thread(_waits_for)) is not None:
            if time.monotonic() > deadline:
                raise InfrastructureError(
                    f"the verifier service did not come up on Ray Serve within {limit_s:.0f} s; each replica "
                    f"needs a free CPU. {waits_for}"
                )
            await asyncio.sleep(POLL_S)
    except BaseException:
        await stop_serve()
        raise


async def stop_serve() -> None:
    """End Serve with everything on it."""
    await _in_thread(serve.shutdown)


async def _in_thread(call: Callable[[], T]) -> T:
    """Call Ray in a thread, and wait for its end also when cancelled: a thread left behind would speak to
    Ray when that has been left, and so join whatever other cluster it finds."""
    calling = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(calling)
    finally:
        await asyncio.wait((calling,))


def _deploy(application: serve.Application, host: str, port: int) -> None:
    """Does not wait for a replica: Serve would do so for ever."""
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    target = serve.RunTarget(application, name=NAME, route_prefix="/", logging_config=QUIET)
    try:
        serve.start(
            proxy_location="HeadOnly", http_options=HTTPOptions(host=host, port=port), logging_config=QUIET
        )
        serve.run_many([target], wait_for_applications_running=False)
    except (RuntimeError, TimeoutError, RayError) as error:
        raise InfrastructureError(f"Ray Serve did not start: {error}") from error


def _waits_for() -> str | None:
    """What keeps the service from running, in Serve's words; None once it runs."""
    application = serve.status().applications[NAME]
    if application.status is ApplicationStatus.RUNNING:
        return None
    said = "; ".join([application.message, *(each.message for each in application.deployments.values())])
    if application.status is ApplicationStatus.DEPLOY_FAILED:
        raise InfrastructureError(f"the verifier service did not come up on Ray Serve: {said}")
    return f"{application.status}: {said}"


def _application(table: Mapping[str, str], config: ServiceConfig, max_replicas: int) -> serve.Application:
    def app() -> FastAPI:
        return create_app(table, config)

    deployment = serve.deployment(
        name=NAME,
        max_ongoing_requests=4 * config.workers,
        max_queued_requests=QUEUED_GROUPS,
        ray_actor_options={"num_cpus": 1},
        autoscaling_config=AutoscalingConfig(
            min_replicas=1,
            max_replicas=max_replicas,
            target_ongoing_requests=config.workers,
            upscale_delay_s=UPSCALE_DELAY_S,
            downscale_delay_s=DOWNSCALE_DELAY_S,
        ),
        graceful_shutdown_timeout_s=config.drain_limit_s,
        logging_config=QUIET,
    )(serve.ingress(app)())
    return deployment.bind()


def _is_running() -> bool:
    try:
        ray.get_actor(CONTROLLER, namespace="serve")
    except ValueError:
        return False
    return True
