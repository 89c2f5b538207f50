"""Ray, for as long as a run lasts.

    "local"                a Ray of our own on this machine: on loopback, with its own token, gone afterwards
    "auto" or "host:port"  one that runs already, as submitted jobs join; left running

The only place that calls `ray.init`. Ctrl-C is the driver's: Ray's processes block SIGINT and its workers
have process groups of their own, so a terminal's interrupt reaches neither.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import ray
from ray._private import ray_constants
from ray._private.authentication.authentication_token_setup import _enable_token_auth
from ray.exceptions import AuthenticationError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from rlvr.cluster.machine import free_shared_memory_bytes
from rlvr.errors import ConfigError, InfrastructureError

OBJECT_STORE_BYTES = 512 * 2**20
"""Room for the batches and rollouts under way; Ray spills to disk what is more."""
MIN_OBJECT_STORE_BYTES = 80 * 2**20
CONNECT_LIMIT_S = 5.0
TOKEN_VARIABLES = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


@contextmanager
def cluster(address: str) -> Iterator[None]:
    """Start or join Ray, and leave it again. Inside another `cluster` it uses that one.

    To be entered on the main thread: the kernel ends a local Ray with the thread that started it.

    Raises:
        ConfigError: a running Ray is to be joined and no token is at hand.
        InfrastructureError: there is none to join, or it did not start.
    """
    if ray.is_initialized():
        yield
        return
    _enable_token_auth()  # RAY_AUTH_MODE=token, also where Ray was imported before
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        if address == "local":
            _start()
        else:
            _join(address)
        yield
    finally:
        ray.shutdown()


def beside_driver() -> NodeAffinitySchedulingStrategy:
    """Places an actor on the driver's node: for what meets it at loopback or in shared memory."""
    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)


def check_reachable(what: str, host: str, port: int) -> None:
    """Ray's own clients try for minutes.

    Raises:
        InfrastructureError: nothing listens there; the message begins with `what`.
    """
    try:
        socket.create_connection((host, port), timeout=CONNECT_LIMIT_S).close()
    except OSError as error:
        raise InfrastructureError(f"{what}: nothing answers there: {error}") from error


def _start() -> None:
    if not any(name in os.environ for name in TOKEN_VARIABLES):
        # Else Ray leaves one in a file of the home directory that others can read. The variable stays:
        # a process caches the first token that it reads.
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    store_bytes = max(MIN_OBJECT_STORE_BYTES, min(OBJECT_STORE_BYTES, free_shared_memory_bytes() // 2))
    try:
        with _on_loopback():
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=store_bytes,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _system_config={"worker_niceness": 0},  # 15 by default: any busy program starves the run
            )
    except (RayError, RuntimeError, OSError, ValueError) as error:
        raise InfrastructureError(
            f"Ray did not start: {_first_line(error)}; its logs are under /tmp/ray"
        ) from error


def _join(address: str) -> None:
    host, separator, port = address.rpartition(":")
    if separator:
        try:
            check_reachable(f"ray_address={address!r}", host, int(port))
        except ValueError as error:
            raise ConfigError(
                f"ray_address={address!r} is none of 'local', 'auto' and 'host:port'"
            ) from error
    try:
        with _on_loopback() if host.startswith("127.") else nullcontext():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except AuthenticationError as error:
        raise ConfigError(
            f"ray_address={address!r} needs the cluster's token: set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
        ) from error
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InfrastructureError(
            f"ray_address={address!r}: cannot join a Ray there ({_first_line(error)}); start one with "
            "`RAY_AUTH_MODE=token ray start --head` and give its token in RAY_AUTH_TOKEN, or use 'local'"
        ) from error


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Have Ray take 127.0.0.1 for this node's address: it then listens nowhere else, and finds others there.

    RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 does the same, but only where Ray was not imported before.
    """
    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
