"""One service process for all tests that speak to it as another trainer does."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.verifiers.service_process import served_process
from tests.verifiers.service_tools import ECHO_TABLE

# verl pins what our own dependencies pin otherwise: it runs beside them only in an environment of its own
VERL = ("verl", "tensordict", "omegaconf")
collect_ignore = [] if all(map(find_spec, VERL)) else ["test_verl_reward_manager.py"]


@pytest.fixture(scope="session")
def service_url() -> Iterator[str]:
    table = {
        **ECHO_TABLE,
        "parity": "tests.verifiers.service_tools:ParityVerifier",
        "stem": "verifiers.stem:StemVerifier",
    }
    with served_process(table, workers=1) as service:
        yield service.url
