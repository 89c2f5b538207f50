"""Decoding a table of values: whatever was written into it, a value or a `ValueError`, and soon."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifiers.code.checkers import same_value
from verifiers.code.inside.values import MAX_HASH_DEPTH, decode, encode

_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 9), st.floats(), st.text(max_size=4),
    st.sampled_from([10**400, "0x1p99999", "nan", "0x", "\ud800"]),
)  # fmt: skip
_JSON = st.recursive(_LEAVES, lambda parts: st.lists(parts, max_size=4), max_leaves=10)
_NODES = st.tuples(st.sampled_from(list("vnfbcltszdiorqx")), _JSON | st.lists(st.integers(-1, 6))).map(list)


@settings(max_examples=300, deadline=None)
@given(st.lists(_NODES | _JSON, max_size=7) | _JSON)
def test_any_table_gives_a_value_or_a_value_error(table: object) -> None:
    try:
        decode(table)
    except ValueError:
        return


def test_a_value_that_unfolds_without_end_is_refused_in_a_set_and_as_a_key() -> None:
    pairs = [["t", [at + 1, at + 1]] for at in range(1, 41)]
    table = [*pairs, ["t", []]]
    with pytest.raises(ValueError, match="too long to hash"):
        decode([["s", [1]], *table])
    with pytest.raises(ValueError, match="too long to hash"):
        decode([["d", [[1, 1]]], *table])


def test_numbers_of_one_hash_and_deep_keys_are_refused_before_they_are_hashed() -> None:
    with pytest.raises(ValueError, match="one hash"):
        decode(encode({number * (2**61 - 1) for number in range(1_000)}))
    deep: tuple[object, ...] = ()
    for _ in range(MAX_HASH_DEPTH + 2):
        deep = (deep,)
    with pytest.raises(ValueError, match="too long to hash"):
        decode([["s", [1]], *([tag, _shifted(content)] for tag, content in encode(deep))])


def _shifted(content: list[int]) -> list[int]:
    return [ref + 1 for ref in content]


@pytest.mark.parametrize(
    "table",
    [[["c", ["0x1p99999", "0x0p0"]]], [["f", 10**400]], [["n", "0x" + "f" * 10**6]]],
    ids=["complex", "float", "integer"],
)
def test_a_number_that_python_cannot_hold_is_refused(table: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is for logs
        decode(table)


def test_a_key_of_more_digits_than_python_writes_is_no_key_of_the_reference() -> None:
    assert not same_value({"1": 2}, {10**5000: 2})
