"""Python and JSON literals are read as data, and nothing else is."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers.literals import LiteralSyntaxError, parse_literal

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(JSON_VALUES)
def test_json_is_read_as_json(value: object) -> None:
    assert parse_literal(json.dumps(value)) == value


@given(JSON_VALUES)
def test_what_python_prints_is_read_back(value: object) -> None:
    assert parse_literal(repr(value)) == value


def test_tuples_single_quotes_and_trailing_commas_are_read() -> None:
    assert parse_literal("{'a': (1, 2.5,), \"b\": [true, None],}") == {"a": [1, 2.5], "b": [True, None]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1",
        "{'a' 1}",
        "f(1)",
        "1 + 1",
        "[...]",
        "__import__('os')",
        "[" * 10_000,
        "1" * 10_000,
        "'a",
        "{1: 2}}",
    ],
)
def test_everything_else_is_an_error(text: str) -> None:
    with pytest.raises(LiteralSyntaxError):
        parse_literal(text)


@given(st.text(alphabet="[]{}(),:'\"\\ 1etTrue", max_size=60))
def test_no_text_crashes_the_reader(text: str) -> None:
    with contextlib.suppress(LiteralSyntaxError):
        parse_literal(text)
