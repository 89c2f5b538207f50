"""Which backends there are, and which one `auto` means here.

A name comes in, an open backend comes out. Modules are imported on use; a third party's backend is named by
its import path and needs no registration.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

from sandboxes.base import Backend, BackendConfig, DockerOptions
from sandboxes.errors import BackendUnavailableError, UnknownBackendError

BACKENDS: dict[str, str] = {
    "zygote": "sandboxes.zygote_backend:ZygoteBackend",
    "docker": "sandboxes.docker_backend:DockerBackend",
    "docker-strict": "sandboxes.docker_backend:StrictDockerBackend",
    "bubblewrap": "sandboxes.bubblewrap_backend:BubblewrapBackend",
    "subprocess": "sandboxes.subprocess_backend:SubprocessBackend",
}

AUTO: tuple[str, ...] = ("zygote", "bubblewrap")
"""What `auto` tries, best first. A backend that is no boundary is never chosen for anybody; `docker` needs an
image that somebody has made."""

EXTRAS: dict[str, str] = {"docker": "pip install 'rlvr-cluster[docker]'"}
"""What brings a library that only one backend needs."""


def open_backend(
    name: str = "auto",
    *,
    workers: int = 1,
    allow_unsafe: bool = False,
    docker: DockerOptions | None = None,
) -> Backend:
    """Open a backend by its name, by a path `pkg.module:Class`, or the best one this machine allows.

    Raises:
        UnknownBackendError: neither a known name nor an import path.
        BackendUnavailableError: the machine cannot isolate that way.
        UnsafeBackendError: the backend is no boundary and `allow_unsafe` is not set.
    """
    config = BackendConfig(workers=workers, allow_unsafe=allow_unsafe, docker=docker or DockerOptions())
    if name != "auto":
        return _load(name)(config)
    reasons = []
    for candidate in AUTO:
        try:
            return _load(candidate)(config)
        except BackendUnavailableError as error:
            reasons.append(f"{candidate}: {error}")
    raise BackendUnavailableError(f"no sandbox backend works on this machine: {'; '.join(reasons)}")


def _load(name_or_path: str) -> Callable[[BackendConfig], Backend]:
    path = BACKENDS.get(name_or_path, name_or_path)
    module_name, separator, class_name = path.partition(":")
    if not separator:
        have = ", ".join(["auto", *BACKENDS])
        raise UnknownBackendError(
            f"no backend {name_or_path!r}; have {have}, or give a path pkg.module:Class"
        )
    try:
        module = importlib.import_module(module_name)
        return cast(Callable[[BackendConfig], Backend], getattr(module, class_name))
    except (ImportError, AttributeError) as error:
        if isinstance(error, ImportError) and error.name in EXTRAS:
            raise BackendUnavailableError(f"{error.name} is not installed; {EXTRAS[error.name]}") from error
        raise UnknownBackendError(f"cannot load backend {path!r}: {error}") from error
