"""Run the service on a socket: from the command line, or inside another process such as a Ray actor.

    server = VerifierServer(plugin_table({}), host="127.0.0.1", port=0)
    print(server.url)            # the socket is bound already, so the port is known
    await server.serve()         # until server.stop()

Loopback needs no token; another address does, because a grader runs whatever it is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
from collections.abc import Generator, Mapping

import uvicorn

from sandboxes.service.connections import BACKLOG, BoundedServer, accepted_at_once
from verifiers.errors import VerifierSetupError
from verifiers.service.app import create_app
from verifiers.service.config import ServiceConfig


class VerifierServer:
    """One service on one socket.

    Args:
        table: name -> `module:Class`, as `verifiers.registry.plugin_table` makes it.
        host, port: where to listen; port 0 takes a free one.
        handle_signals: drain and stop on SIGTERM and SIGINT; only for the main thread of a process of its
        own.

    Raises:
        VerifierSetupError: the address is taken, or is not loopback and there is no token.
    """

    def __init__(
        self,
        table: Mapping[str, str],
        config: ServiceConfig | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        config = config or ServiceConfig()
        if config.token is None and not _is_loopback(host):
            raise VerifierSetupError(
                f"listening on {host} needs a token: set VERIFIERS_TOKEN, or use 127.0.0.1"
            )
        self._socket = _bind(host, port)
        settings = uvicorn.Config(
            create_app(table, config), log_level="warning", access_log=False, lifespan="on", ws="none",
            timeout_graceful_shutdown=int(config.drain_limit_s) + 1, backlog=accepted_at_once(),
        )  # fmt: skip
        self._server = _QuietServer(settings)

    @property
    def url(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def serve(self) -> None:
        """Serve until stopped; requests in flight are finished first.

        Raises:
            VerifierSetupError: the app did not start (a worker process could not load its verifiers).
        """
        await self._server.serve(sockets=[self._socket])
        if not self._server.started:
            raise VerifierSetupError("the verifier service did not start; the log above says why")

    def stop(self) -> None:
        """Ask `serve` to finish what is in flight and return. Safe to call from any thread."""
        self._server.should_exit = True


class _QuietServer(BoundedServer):
    """A server that leaves the process' signal handlers to whoever owns the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def run_server(table: Mapping[str, str], config: ServiceConfig, *, host: str, port: int) -> None:
    """Serve in this process until SIGTERM or SIGINT. Prints the address once it listens."""
    server = VerifierServer(table, config, host=host, port=port)
    print(f"verifiers listening on {server.url}", flush=True)
    asyncio.run(_serve_until_signalled(server))


async def _serve_until_signalled(server: VerifierServer) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    await server.serve()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise VerifierSetupError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    listening.listen(BACKLOG)
    return listening


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
