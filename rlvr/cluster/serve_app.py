"""The verifier service on Ray Serve: replicas that come and go with the load, behind Serve's proxy.

    the app factory of `verifiers.service` --one app per replica--> Serve, on a loopback port of its own

For clusters whose verdicts need more than one machine. Serve is one per Ray cluster, so two runs on
the same cluster cannot both have it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import ray
from fastapi import FastAPI
from ray import serve
from ray.serve.config import AutoscalingConfig, HTTPOptions
from ray.serve.schema import LoggingConfig

from rlvr.errors import ConfigError, InfrastructureError
from verifiers.service.app import create_app
from verifiers.service.config import ServiceConfig

NAME = "verifiers"
CONTROLLER = "SERVE_CONTROLLER_ACTOR"
QUIET = LoggingConfig(log_level="WARNING", enable_access_log=False)
UPSCALE_DELAY_S = 5.0
DOWNSCALE_DELAY_S = 60.0
QUEUED_GROUPS = 256
"""Batches that may wait for a replica; above it Serve answers 503, and the client comes back."""


async def start_serve(
    table: Mapping[str, str], config: ServiceConfig, host: str, port: int, max_replicas: int
) -> None:
    """Start Serve and the service on it; returns once the first replica runs.

    Raises:
        ConfigError: Serve runs on this cluster already.
        InfrastructureError: the service did not come up.
    """
    await asyncio.to_thread(_start, table, config, host, port, max_replicas)


async def stop_serve() -> None:
    """End Serve with everything on it."""
    await asyncio.to_thread(serve.shutdown)


def _start(table: Mapping[str, str], config: ServiceConfig, host: str, port: int, max_replicas: int) -> None:
    if _is_running():
        raise ConfigError(
            "Ray Serve runs on this cluster already, maybe for another run: use verifier.kind = 'actor', "
            "or end it with `serve shutdown`"
        )
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    serve.start(
        proxy_location="HeadOnly", http_options=HTTPOptions(host=host, port=port), logging_config=QUIET
    )
    application = _application(table, config, max_replicas)
    try:
        serve.run(application, name=NAME, route_prefix="/", logging_config=QUIET)
    except RuntimeError as error:
        raise InfrastructureError(f"the verifier service did not come up on Ray Serve: {error}") from error


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
