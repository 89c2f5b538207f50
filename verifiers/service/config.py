"""What an operator may set about the service."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PositiveFloat, PositiveInt

Token = Annotated[str | None, AfterValidator(lambda token: (token or "").strip() or None)]


class ServiceConfig(BaseModel):
    """A typo is an error, a loaded config never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    workers: PositiveInt = 2
    """Worker processes; each grades one request at a time."""
    max_waiting: PositiveInt = 4_096
    """Requests (batch items) that may wait for a worker; above it the answer is 503 with Retry-After."""
    max_batch_items: PositiveInt = 2_048
    max_body_bytes: PositiveInt = 128 * 2**20
    """Larger bodies are refused with 413 before they are read to the end."""
    max_body_containers: PositiveInt = 2_000_000
    """Lists and objects in one body; a body with more is refused with 413 before it is parsed, because each
    takes some fifty times its two bytes of memory, and time in which nobody else is answered. Brackets within
    texts do not count, unless there are more than twice as many texts."""
    max_held_bytes: PositiveInt = 512 * 2**20
    """Bodies of requests under way, all together; above it the answer is 503 with Retry-After."""
    body_limit_s: PositiveFloat = 60.0
    """How long a body may take to arrive."""
    max_response_chars: PositiveInt = 4_000_000
    """A longer response text is refused with 413."""
    default_deadline_s: PositiveFloat = 300.0
    """How long a request may wait for a worker when it does not say so itself."""
    retry_after_s: PositiveInt = 1
    drain_limit_s: PositiveFloat = 30.0
    """After SIGTERM, how long requests in flight may take to finish."""
    token: Token = None
    """Bearer token that `/v1` and `/metrics` ask for; required where the address is not loopback. White space
    around it, such as the end of the line it was read from, is not part of it; a blank one is none."""
