"""The split follows the content, and only the content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guru_data.splits import side_of


def test_the_side_of_a_content_never_changes_between_versions() -> None:
    heldout = [number for number in range(12) if side_of(f"content {number}", heldout_share=0.2) == "heldout"]
    assert heldout == [0, 1, 3, 7, 10]


def test_the_heldout_share_is_what_was_asked_for() -> None:
    heldout = sum(side_of(str(number), heldout_share=0.2) == "heldout" for number in range(10_000))
    assert 1_850 < heldout < 2_150


@given(st.text(), st.floats(0.0, 0.99), st.floats(0.0, 0.99))
def test_a_larger_share_only_moves_contents_out_of_training(content: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if side_of(content, heldout_share=small) == "heldout":
        assert side_of(content, heldout_share=large) == "heldout"


@given(st.text())
def test_a_share_of_zero_holds_nothing_out(content: str) -> None:
    assert side_of(content, heldout_share=0.0) == "train"
