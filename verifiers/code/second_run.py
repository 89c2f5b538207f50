"""Grade a program as `code` does, in another sandbox: what differs is the sandbox's doing.

`verifiers.code.second_run:BubblewrapRun` and `verifiers.code.second_run:DockerRun` are named by their paths
and answer to `code`, whose rollouts an audit asks them about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import JsonValue

from verifiers.code.verifier import CodeVerifier


class BubblewrapRun(CodeVerifier):
    """A fresh interpreter under bubblewrap for every program, with nothing kept warm."""

    backend: ClassVar[str] = "bubblewrap"

    def options(self) -> Mapping[str, JsonValue]:
        return {"backend": self.backend}


class DockerRun(BubblewrapRun):
    """A container for every program; its image must have been made."""

    backend: ClassVar[str] = "docker"
