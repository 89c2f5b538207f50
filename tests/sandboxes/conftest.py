"""One pool with one worker for the whole session: what a case does to it, the next one sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandboxes import SandboxPool


@pytest.fixture(scope="session")
def pool() -> Iterator[SandboxPool]:
    with SandboxPool.open("bubblewrap", workers=1) as opened:
        yield opened
