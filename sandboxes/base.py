"""What a sandbox backend is.

A backend runs one `ExecutionRequest` in isolation and says what happened. It is called from one event loop
(the pool's), for several requests at once, and returns `sandbox_error` where it failed itself; it retries
nothing, queues nothing and keeps nothing of a request. `sandboxes.conformance` is the suite that every
backend passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from sandboxes.types import ExecutionRequest, ExecutionResult


@dataclass(frozen=True)
class DockerOptions:
    """For the backends `docker` and `docker-strict`."""

    image: str = "rlvr-sandbox"
    """What the engine has it under; `deploy/sandbox` makes it."""
    runtime: str = ""
    """One that the engine knows, for `docker-strict`: a zygote needs the kernel's own namespaces. gVisor's
    `runsc` must be set up with `--host-uds=open`, for the socket through which a container is reached. Empty
    for the engine's default."""


@dataclass(frozen=True)
class BackendConfig:
    """What a backend is opened with."""

    workers: int = 1
    """Requests that will run at the same time; a backend with warm slots makes as many."""
    allow_unsafe: bool = False
    """Accept a backend that is no boundary."""
    docker: DockerOptions = DockerOptions()


class Backend(Protocol):
    """Runs untrusted programs.

    The registry makes it with a `BackendConfig`. The constructor raises `BackendUnavailableError`, with what
    is missing and how to get it, on a machine where it cannot isolate, and `UnsafeBackendError` where it is
    no boundary and the config does not accept that.
    """

    name: ClassVar[str]

    async def run(self, request: ExecutionRequest) -> ExecutionResult:
        """Run one program. When this returns or is cancelled, no process and no file of the program is left.

        Raises:
            UnknownLanguageError: the language is not in the table.
            ToolchainMissingError: its compiler or interpreter is not installed.
        """
        ...

    def close(self) -> None:
        """End what this backend started and remove what it made; called once, when nothing runs."""
        ...
