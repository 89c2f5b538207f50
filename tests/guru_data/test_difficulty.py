"""Bands and limits of pass rates."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from guru_data import SourceError
from guru_data.difficulty import DifficultyConfig, band_of, dropped_for, measured_rates
from tests.guru_data.planted import problem


@pytest.mark.parametrize(
    ("rate", "band"),
    [
        (0.0, "0"),
        (1e-6, "(0, 0.2)"),
        (0.2, "[0.2, 0.4)"),
        (0.6, "[0.6, 0.8)"),
        (0.8, "[0.8, 1)"),
        (0.999, "[0.8, 1)"),
        (1.0, "1"),
    ],
)
def test_bands_meet_at_their_lower_ends(rate: float, band: str) -> None:
    assert band_of(rate) == band


@pytest.mark.parametrize(
    ("weak", "strong", "reason"),
    [
        (0.9, 1.0, "too_easy"),
        (0.89, 1.0, None),
        (0.0, 1e-5, "hopeless"),
        (0.0, 2e-5, None),
        (None, 0.5, None),
        (None, None, None),
    ],
)
def test_the_default_limits_are_gurus_own(
    weak: float | None, strong: float | None, reason: str | None
) -> None:
    rates = {"qwen2.5_7b": weak, "qwen3_30b": strong}
    known = {model: rate for model, rate in rates.items() if rate is not None}
    measured = problem("p", "?", "1").model_copy(update={"pass_rates": known})
    assert dropped_for(measured, DifficultyConfig()) == reason


def test_limits_that_drop_everything_are_refused() -> None:
    with pytest.raises(ValidationError, match="drop all"):
        DifficultyConfig(weak="a", strong="a", too_easy_from=0.2, hopeless_to=0.3)


def test_evaluations_of_one_model_are_pooled(tmp_path: Path) -> None:
    for name, correct in (("a", 1), ("b", 3)):
        result = f'{{"problem_id": "p", "samples": 4, "correct": {correct}}}'
        (tmp_path / name).write_text(f'{{"results": [{result}]}}')
    assert measured_rates([tmp_path / "a", tmp_path / "b"]) == {"p": 0.5}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"results": [{"problem_id": "p", "samples": 0, "correct": 0}]}',
        '{"results": [{"problem_id": "p", "samples": 4, "correct": 5}]}',
    ],
)
def test_a_file_that_is_no_evaluation_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(text)
    with pytest.raises(SourceError, match=r"cannot read the evaluation .*e.json"):
        measured_rates([tmp_path / "e.json"])
