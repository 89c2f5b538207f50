"""Requests made up from the service's own OpenAPI document: whatever is sent, the service keeps its word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandboxes import SandboxPool
from sandboxes.scripted_backend import ScriptedBackend
from sandboxes.service.app import create_app

OPERATIONS = (
    ("POST", "/v1/execute"),
    ("POST", "/v1/execute/batch"),
    ("POST", "/run_code"),
    ("POST", "/submit"),
    ("GET", "/v1/ping"),
    ("GET", "/livez"),
    ("GET", "/metrics"),
)
BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> Iterator[Any]:
    with SandboxPool(ScriptedBackend([])) as pool:
        yield schemathesis.openapi.from_asgi("/openapi.json", create_app(pool))


def test_the_list_of_operations_is_complete(schema: Any) -> None:
    found = {(result.ok().method.upper(), result.ok().path) for result in schema.get_all_operations()}
    assert found == {*OPERATIONS, ("GET", "/readyz")}  # which is not ready without its lifespan


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_documented_and_never_a_server_error(schema: Any, method: str, path: str) -> None:
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if method == "POST" else [])]

    @BOUNDED
    @given(case=st.one_of([schema[path][method].as_strategy(generation_mode=mode) for mode in modes]))
    def conforms(case: Any) -> None:
        case.call_and_validate(
            checks=[
                not_a_server_error, status_code_conformance, content_type_conformance,
                response_schema_conformance,
            ]
        )  # fmt: skip

    conforms()
