"""The three kinds of verifier service, spoken to through the client that the training loop uses."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import ray
from ray.util import list_named_actors

from rlvr.cluster.serve_app import start_serve
from rlvr.cluster.verifier_service import HOST, VerifierService, claim_port, start_verifiers
from rlvr.config import VerifierConfig
from rlvr.errors import ConfigError, InfrastructureError, VerifierDownError
from tests.cluster.processes import descendants, left_of, named, pids_of
from tests.sandboxes.service_tools import until
from verifiers import UnauthorizedError, Verdict, VerifierClient, VerifierUnavailableError, VerifyRequest
from verifiers.service.config import ServiceConfig

ONLY = frozenset({"choice"})
SLOW = {"slow": "tests.cluster.slow_verifier:SlowVerifier"}
GROUP = [VerifyRequest(verifier="slow", response=str(i), ground_truth="3") for i in range(8)]
QUESTION = VerifyRequest(verifier="choice", response=r"\boxed{B}", ground_truth="B")
SCORES = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]


@asynccontextmanager
async def service(config: VerifierConfig) -> AsyncIterator[VerifierService]:
    started = await start_verifiers(config, only=ONLY)
    try:
        yield started
    finally:
        await started.close()


@contextmanager
def every_processor_taken() -> Iterator[None]:
    @ray.remote
    class Idle:
        """Holds processors."""

    holder = Idle.options(num_cpus=ray.available_resources()["CPU"]).remote()
    ray.get(holder.__ray_ready__.remote())
    try:
        yield
    finally:
        ray.kill(holder)


@contextmanager
def answering(pages: dict[str, bytes | None]) -> Iterator[str]:
    """A web server with these pages; who asks for one that is None is unauthorized."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages[self.path]
            self.send_response(401 if page is None else 200)
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *_: object) -> None:
            """To nobody."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def serve_is_running() -> bool:
    return "SERVE_CONTROLLER_ACTOR" in {actor["name"] for actor in list_named_actors(all_namespaces=True)}


async def grade(client: VerifierClient, group: list[VerifyRequest]) -> list[float | None]:
    return [v.score if isinstance(v, Verdict) else None for v in await client.verify_batch(group)]


def test_an_actor_killed_in_the_middle_of_a_grading_comes_back_and_the_verdicts_are_true(
    ray_session: None,
) -> None:
    async def use() -> None:
        async with (
            service(VerifierConfig(kind="actor", plugins=SLOW)) as running,
            VerifierClient(running.url, deadline_s=60, token=running.token) as client,
        ):
            grading = asyncio.create_task(grade(client, GROUP))
            await asyncio.sleep(0.5)  # eight of a quarter second on two workers: in the middle
            actor = named("ray::VerifierActor")
            family = descendants(actor.pid)
            assert not grading.done()
            actor.kill()

            assert await grading == SCORES
            assert left_of(family, within_s=10) == []
            assert named("ray::VerifierActor").pid != actor.pid
            assert set(await running.digests()) == {"choice", "slow"}

    asyncio.run(use())


def test_an_actor_whose_port_was_taken_while_it_was_dead_waits_for_it(ray_session: None) -> None:
    async def use() -> None:
        async with (
            service(VerifierConfig(kind="actor")) as running,
            VerifierClient(running.url, deadline_s=60, token=running.token) as client,
        ):
            dead = named("ray::VerifierActor")
            dead.kill()
            dead.wait()
            with socket.create_server((HOST, int(running.url.rpartition(":")[2]))):
                await asyncio.to_thread(until, lambda: pids_of("ray::VerifierActor") not in ([], [dead.pid]))
                await asyncio.sleep(2.0)  # it finds the port taken
            assert await grade(client, [QUESTION]) == [1.0]

    asyncio.run(use())


def test_a_service_of_ours_answers_to_its_own_run_alone(ray_session: None) -> None:
    async def use() -> None:
        async with service(VerifierConfig(kind="actor")) as running, VerifierClient(running.url) as stranger:
            with pytest.raises(UnauthorizedError):
                await stranger.verify(QUESTION)
            with pytest.raises(ConfigError, match="asks for another token"):
                await start_verifiers(VerifierConfig(kind="url", url=running.url))

    asyncio.run(use())


def test_closing_leaves_no_process_and_a_client_without_service_gives_up_in_time(ray_session: None) -> None:
    async def use() -> None:
        async with service(VerifierConfig(kind="actor", plugins=SLOW)) as running:
            actor = named("ray::VerifierActor")
            family = [actor.pid, *descendants(actor.pid)]
        assert left_of(family, within_s=10) == []
        async with VerifierClient(running.url, deadline_s=1.0, token=running.token) as client:
            with pytest.raises(VerifierUnavailableError):
                await client.verify_batch(GROUP)

    asyncio.run(use())


def test_ray_serve_grades_a_group_through_the_same_client(ray_session: None) -> None:
    async def use() -> None:
        async with (
            service(VerifierConfig(kind="serve", plugins=SLOW)) as running,
            VerifierClient(running.url, deadline_s=60, token=running.token) as client,
        ):
            assert await grade(client, GROUP) == SCORES
            with pytest.raises(ConfigError, match="Serve runs on this cluster already"):
                await start_verifiers(VerifierConfig(kind="serve"), only=ONLY)

    asyncio.run(use())


def test_ray_serve_without_a_free_processor_is_an_error_in_time_and_leaves_nothing_behind(
    ray_session: None,
) -> None:
    async def use() -> None:
        config = ServiceConfig(drain_limit_s=1.0)
        with pytest.raises(InfrastructureError, match="needs a free CPU"):
            await start_serve({}, config, HOST, claim_port(0), max_replicas=1, limit_s=1.0)
        assert not serve_is_running()

        starting = asyncio.create_task(start_verifiers(VerifierConfig(kind="serve"), only=ONLY))
        await asyncio.to_thread(until, serve_is_running)
        starting.cancel()
        await asyncio.wait((starting,))
        assert starting.cancelled()
        assert not serve_is_running()

    with every_processor_taken():
        asyncio.run(use())


def test_a_running_service_is_used_and_left_alone() -> None:
    port = claim_port(0)
    command = [sys.executable, "-m", "verifiers", "serve", "--port", str(port), "--only", "choice"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    async def use() -> None:
        async with (
            service(VerifierConfig(kind="url", url=f"http://127.0.0.1:{port}")) as running,
            VerifierClient(running.url, deadline_s=60, token=running.token) as client,
        ):
            assert await grade(client, [QUESTION]) == [1.0]
        assert process.poll() is None

    try:
        asyncio.run(use())
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def test_a_port_in_use_is_found_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"verifier.port = {port} cannot be listened on"):
            asyncio.run(start_verifiers(VerifierConfig(port=port)))


def test_a_plugin_that_cannot_be_loaded_is_found_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match="no_such_module"):
        asyncio.run(start_verifiers(VerifierConfig(plugins={"mine": "no_such_module:Mine"})))


def test_a_service_that_is_not_there_is_one_clear_error() -> None:
    nowhere = VerifierConfig(kind="url", url="http://127.0.0.1:9", deadline_s=0.1)
    with pytest.raises(VerifierDownError, match="was not ready within 0 s: /readyz answered ConnectError"):
        asyncio.run(start_verifiers(nowhere))


@pytest.mark.parametrize(
    ("listing", "reason"),
    [
        pytest.param(b"ok", "is no verifier service", id="no-json"),
        pytest.param(b"{}", "is no verifier service", id="no-list"),
        pytest.param(b"[]", "is no verifier service", id="no-verifiers"),
        pytest.param(b'[{"name": 1}]', "is no verifier service", id="other-things"),
        pytest.param(None, "asks for another token", id="another-service"),
    ],
)
def test_a_server_that_is_no_verifier_service_of_ours_is_one_clear_error(
    listing: bytes | None, reason: str
) -> None:
    pages = {"/readyz": b"{}", "/v1/verifiers": listing}
    with answering(pages) as url, pytest.raises(ConfigError, match=reason):
        asyncio.run(start_verifiers(VerifierConfig(kind="url", url=url)))


@pytest.mark.parametrize("url", ["127.0.0.1:9", "http://[::1", "http://127.0.0.1:99999", "http://"])
def test_an_address_that_can_be_none_is_found_before_anything_is_asked(url: str) -> None:
    with pytest.raises(ConfigError, match=r"verifier\.url"):
        asyncio.run(start_verifiers(VerifierConfig(kind="url", url=url)))
