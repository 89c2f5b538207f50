"""What an operator may set about the service."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, ValidationError

from sandboxes.errors import RequestError
from sandboxes.types import Limits

CEILING = Limits(cpu_s=60.0, wall_s=180.0, memory_mb=2048, pids=256, output_bytes=16 << 20, disk_mb=1024)


class ServiceConfig(BaseModel):
    """A typo is an error, a loaded config never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    ceiling: Limits = CEILING
    """The most that a request may ask for; who asks for more is refused with 422."""
    max_batch_items: PositiveInt = 2_048
    max_body_bytes: PositiveInt = 64 << 20
    """Larger bodies are refused with 413 before they are read to the end."""
    max_held_bytes: PositiveInt = 1 << 30
    """Of the bodies of all requests in flight together; above it the answer is 503 with Retry-After."""
    body_timeout_s: PositiveFloat = 60.0
    """How long a body may take to arrive."""
    wait_s: PositiveFloat = 300.0
    """How long a request may wait for its turn when it does not say so itself."""
    retry_after_s: PositiveInt = 1
    drain_limit_s: PositiveFloat = 30.0
    """After SIGTERM, how long requests in flight may take to finish."""
    token: str | None = None
    """Bearer token that every route but the health routes asks for; required where the address is not
    loopback."""


def parse_ceiling(changes: Iterable[str]) -> Limits:
    """The ceiling with some limits changed, each given as `name=value`.

    Raises:
        RequestError: there is no such limit, or it cannot have this value.
    """
    given = {name: value for name, _, value in (change.partition("=") for change in changes)}
    try:
        return Limits.model_validate({**CEILING.model_dump(), **given})
    except ValidationError as error:
        fault = error.errors()[0]
        raise RequestError(f"ceiling {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def within_ceiling(limits: Limits, ceiling: Limits) -> Limits:
    """The limits of a request, where those that it left open are no higher than the ceiling.

    Raises:
        RequestError: it asks for more.
    """
    over = [name for name in Limits.model_fields if getattr(limits, name) > getattr(ceiling, name)]
    asked = [
        f"{name}={getattr(limits, name)} is above {getattr(ceiling, name)}"
        for name in over
        if name in limits.model_fields_set
    ]
    if asked:
        raise RequestError(f"limits over what this service allows: {', '.join(asked)}")
    return limits.model_copy(update={name: getattr(ceiling, name) for name in over})
