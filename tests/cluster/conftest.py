"""One Ray for all tests of this folder: starting it takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rlvr.cluster.session import cluster


@pytest.fixture(scope="package")
def ray_session() -> Iterator[None]:
    with cluster("local"):
        yield
