from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlvr.packing import pack, plan_rows

lengths = st.lists(st.integers(1, 40), min_size=1, max_size=60)


@given(lengths)
def test_every_sequence_is_in_exactly_one_row_and_no_row_is_overfull(lengths: list[int]) -> None:
    rows = plan_rows(lengths, 40)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= 40 for row in rows)


@given(lengths)
def test_no_two_rows_could_have_shared_one(lengths: list[int]) -> None:
    filled = sorted(sum(lengths[i] for i in row) for row in plan_rows(lengths, 40))
    assert all(a + b > 40 for a, b in pairwise(filled))


@given(lengths)
def test_a_packed_sequence_can_be_read_back_from_its_place(lengths: list[int]) -> None:
    rng = np.random.default_rng(0)
    sequences = [rng.integers(1, 500, length).astype(np.int32) for length in lengths]
    rows = pack(sequences, 40)
    for (row, column), sequence in zip(rows.places, sequences, strict=True):
        part = slice(column, column + len(sequence))
        assert (rows.token_ids_RL[row, part] == sequence).all()
        assert (rows.position_ids_RL[row, part] == np.arange(len(sequence))).all()
    assert rows.lay([np.ones(n) for n in lengths], np.bool_).sum() == sum(lengths)


@pytest.mark.parametrize("bad", [[0, 3], [41]], ids=["empty", "longer-than-a-row"])
def test_a_sequence_that_fits_no_row_is_refused(bad: list[int]) -> None:
    with pytest.raises(ValueError, match="rows hold 1 to 40"):
        plan_rows(bad, 40)
