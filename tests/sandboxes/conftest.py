"""One pool with one worker per backend for the whole session: what a case does to it, the next one sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandboxes import SandboxPool


@pytest.fixture(scope="session")
def warm_pool() -> Iterator[SandboxPool]:
    """For tests of the pool itself, which is the same around every backend."""
    with SandboxPool.open("zygote", workers=2) as opened:
        yield opened


@pytest.fixture(scope="session", params=["zygote", "bubblewrap"])
def pool(request: pytest.FixtureRequest) -> Iterator[SandboxPool]:
    with SandboxPool.open(request.param, workers=1) as opened:
        yield opened
