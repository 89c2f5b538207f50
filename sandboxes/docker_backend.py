"""Jobs in hardened containers of a Docker engine on this machine.

    docker:         container -> zygote --forks--> program   one container serves many jobs
    docker-strict:  container -> init -> program             one container for each job

What a container may do is `sandboxes.docker_spec`. The engine makes and removes containers and is not asked
anything while a job runs: the same init or zygote as in the other backends speaks with the same supervisor,
over descriptors that it fetches through `sandboxes.docker_door`. Descriptors do not travel between machines,
so the engine must be on this one. All of the docker SDK that this project uses is in this file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import ClassVar

import docker
from docker.errors import APIError, DockerException, NotFound

from sandboxes.base import BackendConfig
from sandboxes.docker_door import remove_doors_of_the_dead
from sandboxes.docker_modes import Maker, Strict, Warm
from sandboxes.docker_owner import is_alive, new_mark
from sandboxes.docker_spec import OWNER_LABEL
from sandboxes.errors import BackendUnavailableError, ToolchainMissingError
from sandboxes.job import Job
from sandboxes.languages import LANGUAGES, SYSTEM_PATH, Language
from sandboxes.pipeline import BinaryCache, Pipeline
from sandboxes.types import ExecutionRequest, ExecutionResult, Limits

CALL_S = 20.0
"""For one request to the engine."""
BEING_REMOVED = 409
ALWAYS_HARD: tuple[str, ...] = ("wall_s", "output_bytes", "disk_mb")
WHICH_TOOLS = ("sh", "-c", 'for tool; do command -v "$tool"; done; true', "sh")


class DockerEngine:
    """The Docker engine of this machine; see `sandboxes.docker_containers.Engine`.

    Each method is blocking calls of CALL_S at most and raises BackendUnavailableError when the engine does
    not do what it is asked.
    """

    def __init__(self, connections: int) -> None:
        with _explained("no Docker engine answers; start dockerd, or set DOCKER_HOST to its socket"):
            self._client = docker.from_env(timeout=CALL_S, max_pool_size=connections)
            info = self._client.info()
        if not self._client.api.base_url.startswith("http+docker://"):
            raise BackendUnavailableError(
                f"the Docker engine at {self._client.api.base_url} may be on another machine, where no "
                "descriptors of ours can go; set DOCKER_HOST to the unix socket of one on this machine"
            )
        self.has_apparmor = any("name=apparmor" in option for option in info["SecurityOptions"])
        self.limits_memory = bool(info["MemoryLimit"])
        self.limits_pids = bool(info["PidsLimit"])

    def require_image(self, image: str) -> None:
        with _explained(f"the Docker engine has no image {image!r}; deploy/sandbox says how to make it"):
            self._client.images.get(image)

    def start(self, name: str, body: Mapping[str, object]) -> None:
        with _explained(f"the container {name} could not be started"):
            self._client.api.create_container_from_config(body, name)
            self._client.api.start(name)

    def update(self, name: str, limits: Mapping[str, object]) -> None:
        """Change limits of a running container; the SDK's own call does not know all of them."""
        api = self._client.api
        with _explained(f"the limits of the container {name} could not be changed"):
            url = f"{api.base_url}/v{api.api_version}/containers/{name}/update"
            api.post(url, json=limits, timeout=CALL_S).raise_for_status()

    def remove(self, name: str) -> None:
        """End the container and all that is in it; it may have gone, or be going, by itself."""
        with _explained(f"the container {name} could not be removed"), suppress(NotFound):
            try:
                self._client.api.remove_container(name, force=True, v=True)
            except APIError as error:
                if error.status_code != BEING_REMOVED:
                    raise
                self._client.api.wait(name, timeout=CALL_S, condition="removed")

    def remove_all(self, of: Callable[[str], bool]) -> None:
        """Remove the containers whose owner's mark fits."""
        with _explained("the containers could not be listed"):
            found = self._client.api.containers(all=True, filters={"label": OWNER_LABEL})
        for container in found:
            if of(container["Labels"][OWNER_LABEL]):
                self.remove(container["Id"])

    def close(self) -> None:
        self._client.close()


class DockerBackend:
    """See `sandboxes.base.Backend`."""

    name: ClassVar[str] = "docker"
    mode: ClassVar[type[Strict | Warm]] = Warm

    def __init__(self, config: BackendConfig) -> None:
        options = config.docker
        if options.runtime and self.mode is Warm:
            raise BackendUnavailableError(f"the runtime {options.runtime!r} needs the backend docker-strict")
        self._image = options.image
        self._owner = new_mark()
        self._engine = DockerEngine(2 * config.workers)
        self._engine.require_image(options.image)
        self._engine.remove_all(lambda mark: not is_alive(mark))
        remove_doors_of_the_dead()
        self._maker = maker = Maker(
            engine=self._engine,
            owner=self._owner,
            image=options.image,
            runtime=options.runtime,
            apparmor=self._engine.has_apparmor,
            limits_memory=self._engine.limits_memory,
        )
        self._mode = self.mode(maker, config.workers)
        self._tools = self._look_at_image()
        self._pipeline = Pipeline(
            self.name, self._hard_limits(), SYSTEM_PATH, self._mode.run_job, BinaryCache(), self._require
        )

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        return await self._pipeline.run(request)

    def close(self) -> None:
        """Containers go by themselves; what the engine has not removed yet, or lost sight of, goes now."""
        self._mode.close()
        with suppress(BackendUnavailableError):  # without its engine; the next backend that opens does it
            self._engine.remove_all(lambda mark: mark == self._owner)
        self._engine.close()

    def _look_at_image(self) -> frozenset[str]:
        """Run one job: it shows that jobs run here, and which of the languages' tools the image has."""
        tools = [language.tool for language in LANGUAGES.values()]
        job = Job((*WHICH_TOOLS, *tools), Limits())
        with ThreadPoolExecutor(1) as threads:  # our caller may have an event loop of its own running
            report = threads.submit(asyncio.run, self._mode.run_job(job)).result()
        if report.failure or report.code:
            self.close()
            raise BackendUnavailableError(f"no job runs in the image {self._image!r}: {report.failure}")
        return frozenset(os.path.basename(line) for line in report.stdout.decode().splitlines())

    def _hard_limits(self) -> tuple[str, ...]:
        by_container = {
            # a zygote's own user namespace holds them as well
            "pids": self._engine.limits_pids or self.mode is Warm,
            "memory_mb": self._engine.limits_memory,
            "cpu_s": self._maker.counted,
        }
        return ALWAYS_HARD + tuple(name for name, is_hard in by_container.items() if is_hard)

    def _require(self, language: Language, path: tuple[str, ...]) -> None:
        """The image's tools count, not this machine's."""
        if language.tool not in self._tools:
            raise ToolchainMissingError(
                f"cannot run {language.name}: the image {self._image!r} has no {language.tool} in "
                f"{':'.join(path)}; deploy/sandbox makes one that has"
            )


class StrictDockerBackend(DockerBackend):
    """The same with a container for each job."""

    name: ClassVar[str] = "docker-strict"
    mode: ClassVar[type[Strict | Warm]] = Strict


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Translate the SDK's errors; those of the HTTP library below it are OSErrors."""
    try:
        yield
    except (DockerException, OSError) as error:
        raise BackendUnavailableError(f"{what}: {error}") from error
