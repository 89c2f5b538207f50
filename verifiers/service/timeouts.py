"""How a client says for how long an answer is of use to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

from verifiers.service.grading import MAX_DEADLINE_S

RequestTimeout = Annotated[
    float | None,
    Header(
        alias="X-Request-Timeout",
        gt=0,
        le=MAX_DEADLINE_S,
        description="Seconds; a request without a verdict then is answered 503, and not started if it waits.",
    ),
]
