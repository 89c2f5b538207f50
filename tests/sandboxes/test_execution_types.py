"""What a request may say, and what it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sandboxes import ExecutionRequest, Limits
from sandboxes.types import loose_wall_s


def test_the_wall_limit_is_lax_unless_it_is_given() -> None:
    assert Limits(cpu_s=1.0).wall_s == 6.0
    assert Limits(cpu_s=10.0).wall_s == 30.0
    assert Limits(cpu_s=10.0, wall_s=2.0).wall_s == 2.0


@given(cpu_s=st.floats(min_value=0.01, max_value=3600))
def test_the_default_wall_limit_is_always_above_the_cpu_limit(cpu_s: float) -> None:
    assert loose_wall_s(cpu_s) > cpu_s
    assert Limits(cpu_s=cpu_s).wall_s == loose_wall_s(cpu_s)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"language": "python"}, id="no-source"),
        pytest.param({"source": "1"}, id="no-language"),
        pytest.param({"language": "python", "source": "1", "argv": ["x"]}, id="both"),
        pytest.param({"argv": []}, id="empty-command"),
        pytest.param({"argv": [""]}, id="command-without-name"),
        pytest.param({"argv": ["x\0"]}, id="nul-in-command"),
        pytest.param({"argv": ["x", "\ud800"]}, id="argument-that-is-no-text"),
        pytest.param({"argv": ["x"], "limits": {"memory": 3}}, id="unknown-limit"),
        pytest.param({"argv": ["x"], "limits": {"cpu_s": 0}}, id="no-time-at-all"),
        pytest.param({"argv": ["x"], "files": {"/etc/x": ""}}, id="absolute-file"),
        pytest.param({"argv": ["x"], "files": {"a/../../x": ""}}, id="file-above"),
        pytest.param({"argv": ["x"], "files": {"": ""}}, id="file-without-name"),
        pytest.param({"argv": ["x"], "files": {"a": "", "a/b": ""}}, id="file-below-a-file"),
        pytest.param({"argv": ["x"], "files": {"a": "", "./a": ""}}, id="one-file-by-two-names"),
        pytest.param({"argv": ["x"], "files": {"n" * 300: ""}}, id="long-name"),
        pytest.param({"argv": ["x"], "files": {"\ud800": ""}}, id="name-that-is-no-text"),
        pytest.param({"argv": ["x"], "shell": True}, id="unknown-field"),
    ],
)
def test_a_request_that_cannot_run_is_refused_when_it_is_made(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExecutionRequest.model_validate(fields)


def test_text_is_taken_as_utf8_and_bytes_as_they_are() -> None:
    request = ExecutionRequest(argv=("x",), stdin="é", files={"a": b"\xff"})
    assert (request.stdin, request.files["a"]) == ("é".encode(), b"\xff")
