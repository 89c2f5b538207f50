"""Requests made up from the service's own OpenAPI document: whatever is sent, the service keeps its word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.verifiers.service_process import served_process
from tests.verifiers.service_tools import ECHO_TABLE

OPERATIONS = (
    ("POST", "/v1/verify"),
    ("POST", "/v1/verify/batch"),
    ("GET", "/v1/verifiers"),
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/get_reward"),
    ("POST", "/verify"),
    ("GET", "/reverify_mode"),
    ("POST", "/seed_session"),
)
VERIFIERS = ("math", "choice", "stem", "table", "zebra", "ordering", "graph", "arc")
BOUNDED = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    from verifiers.registry import VERIFIERS as TABLE

    table = {name: TABLE[name] for name in VERIFIERS} | {"echo": ECHO_TABLE["echo"]}
    with served_process(table, workers=1) as service:
        yield service.url


@pytest.fixture(scope="module")
def schema(url: str) -> Any:
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


def test_the_list_of_operations_is_complete(schema: Any) -> None:
    found = {(result.ok().method.upper(), result.ok().path) for result in schema.get_all_operations()}
    assert found == set(OPERATIONS)


def no_server_error_but_503(_: object, response: Any, __: object) -> None:
    assert response.status_code < 500 or response.status_code == 503, response.text


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_answers_are_as_documented_and_never_a_server_error(schema: Any, method: str, path: str) -> None:
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if method == "POST" else [])]

    @BOUNDED
    @given(case=st.one_of([schema[path][method].as_strategy(generation_mode=mode) for mode in modes]))
    def conforms(case: Any) -> None:
        case.call_and_validate(
            checks=[
                no_server_error_but_503, status_code_conformance, content_type_conformance,
                response_schema_conformance,
            ]
        )  # fmt: skip

    conforms()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.text(max_size=40) | st.text(alphabet="\\boxed{}<answer>/[]0123456789,|$ -", max_size=60)


@settings(BOUNDED, max_examples=150)
@given(verifier=st.sampled_from(VERIFIERS), response=TEXTS, truth=TEXTS | JSON, extra=JSON)
def test_any_reference_is_graded_or_refused(
    url: str, verifier: str, response: str, truth: object, extra: object
) -> None:
    body = {
        "verifier": verifier,
        "response": f"{response} \\boxed{{{response}}}",
        "ground_truth": truth,
        "extra": extra if isinstance(extra, dict) else {},
    }
    reply = httpx.post(f"{url}/v1/verify", json=body, timeout=60)
    assert reply.status_code in (200, 422), reply.text
    assert reply.json().get("reason") not in ("grader_crashed", "grader_timeout")
