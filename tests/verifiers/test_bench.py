"""The bench: what it counts, what it refuses, and that it would find a verifier that is wrong or wavers."""

import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from verifiers.base import Example, Verifier
from verifiers.bench.cases import LabelledCase, packaged_cases, read_cases
from verifiers.bench.datasheet import Datasheet, make_datasheet, worse_than
from verifiers.bench.rates import Share, percentile
from verifiers.errors import InvalidRequestError
from verifiers.registry import VERIFIERS
from verifiers.types import Verdict, VerifyRequest

CASES = [
    LabelledCase(id="a", verifier="odd", kind="right", response="yes", ground_truth="yes", expected="right"),
    LabelledCase(id="b", verifier="odd", kind="right", response="YES", ground_truth="yes", expected="right"),
    LabelledCase(id="c", verifier="odd", kind="wrong", response="no", ground_truth="yes", expected="wrong"),
    LabelledCase(id="d", verifier="odd", kind="wrong", response="hm", ground_truth="yes", expected="wrong"),
    LabelledCase(id="e", verifier="odd", kind="wrong", response="?", ground_truth="yes", expected="wrong"),
]


class OddVerifier(Verifier):
    """Misses capitals, believes `hm`, cannot tell `?`, and reads `no` as another answer each time."""

    name: ClassVar[str] = "odd"
    examples: ClassVar[Sequence[Example]] = (Example("yes", "yes", 1.0), Example("no", "yes", 0.0))

    def __init__(self) -> None:
        self._counter = itertools.count()

    def verify(self, request: VerifyRequest) -> Verdict:
        answer = request.response.strip()
        if answer == "?":
            return Verdict.undecided("cannot_tell", answer)
        if answer == "no":
            return Verdict.compared(False, f"no {next(self._counter)}")
        return Verdict.compared(answer in ("hm", request.ground_truth), answer)


@pytest.fixture(scope="module")
def sheet() -> Datasheet:
    return make_datasheet({"odd": f"{__name__}:OddVerifier"}, CASES, runs=2)


def test_rates_are_counted_by_label(sheet: Datasheet) -> None:
    [row] = sheet.rows
    assert (row.accuracy.count, row.accuracy.of) == (2, 5)
    assert (row.false_positive.count, row.false_positive.of) == (1, 3)
    assert (row.false_negative.count, row.false_negative.of) == (1, 2)
    assert (row.undecided.count, row.undecided.of) == (1, 5)
    assert {kind.kind: (kind.as_labelled, kind.cases) for kind in row.kinds} == {
        "right": (1, 2),
        "wrong": (1, 3),
    }
    assert [miss.split()[0] for miss in row.misses] == ["b", "d", "e"]


def test_a_verdict_that_changes_is_found_in_repeats_and_elsewhere(sheet: Datasheet) -> None:
    assert sheet.rows[0].determinism.repeats == ["c"]


def test_spacing_around_a_response_is_tried(sheet: Datasheet) -> None:
    [check] = sheet.rows[0].metamorphic
    assert (check.name, check.held, check.of) == ("spacing around it", 2, 2)


def test_a_datasheet_survives_json_and_is_not_worse_than_itself(sheet: Datasheet) -> None:
    again = Datasheet.model_validate_json(sheet.model_dump_json())
    assert again == sheet
    assert worse_than(again.rows[0], sheet.rows[0]) == []


def test_what_got_worse_is_said_with_the_cases_that_are_new(sheet: Datasheet) -> None:
    [row] = sheet.rows
    known = row.misses[:2]
    better = row.model_copy(update={"accuracy": Share.counted(3, 5), "misses": known})
    found = worse_than(better, row)
    assert found[0] == "odd: accuracy 0.4000, was 0.6000"
    assert [line.split()[0] for line in found[1:]] == ["e"]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_wilson_intervals(count: int, of: int, low: float, high: float) -> None:
    share = Share.counted(count, of)
    assert (share.low, share.high) == pytest.approx((low, high), abs=1e-4)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(list(map(float, range(1, 101))), 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0


def test_every_verifier_comes_with_right_and_wrong_cases_of_its_own() -> None:
    for name in VERIFIERS:
        cases = packaged_cases([name])
        assert len(cases) >= 30
        assert {case.expected for case in cases} == {"right", "wrong"}
        assert {case.verifier for case in cases} == {name}


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        pytest.param(["not JSON"], "line 1", id="no-json"),
        pytest.param(
            [{"id": "1", "verifier": "math", "response": "", "ground_truth": 1, "expected": "maybe"}],
            "expected",
            id="no-label",
        ),
        pytest.param(
            [{"id": "1", "verifier": "math", "response": "", "ground_truth": 1, "expected": "right"}] * 2,
            "line 2: id '1' occurs twice",
            id="id-twice",
        ),
    ],
)
def test_a_file_that_is_not_labelled_cases_is_refused(lines: list[object], what: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    with pytest.raises(InvalidRequestError, match=what):
        read_cases(path)


def test_the_command_measures_a_persons_own_labels(tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.jsonl", tmp_path / "sheet.json"
    case = {"verifier": "choice", "response": r"\boxed{B}", "ground_truth": "B", "expected": "right"}
    mine.write_text(
        json.dumps(case | {"id": "1"}) + "\n" + json.dumps(case | {"id": "2", "ground_truth": "C"})
    )
    command = [sys.executable, "-m", "verifiers", "bench", "--only", "choice", "--runs", "2", "--markdown"]
    done = subprocess.run(
        [*command, "--cases", str(mine), "--json", str(out)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "| choice | 2 | 0.500 [" in done.stdout
    [row] = Datasheet.model_validate_json(out.read_text()).rows
    assert row.misses[0].startswith("2 (any): labelled right")
    assert row.determinism.processes == []
