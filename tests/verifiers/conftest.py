"""One service process for all tests that speak to it as another trainer does."""

from collections.abc import Iterator

import pytest

from tests.verifiers.service_process import served_process
from tests.verifiers.service_tools import ECHO_TABLE


@pytest.fixture(scope="session")
def service_url() -> Iterator[str]:
    table = {
        **ECHO_TABLE,
        "parity": "tests.verifiers.service_tools:ParityVerifier",
        "stem": "verifiers.stem:StemVerifier",
    }
    with served_process(table, workers=1) as service:
        yield service.url
