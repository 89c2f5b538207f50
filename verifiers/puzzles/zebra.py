"""Grade a filled-in zebra puzzle (Guru's `logic__zebra_puzzle_dataset`).

    '<answer> {"header": [...], "rows": [[...]]} </answer>' --> cells --share of right ones--> Verdict

Ground truth: `{"header": [names], "rows": [[cells]]}`. The score is the share of the reference's cells that
are right, as in Guru; `extra = {"exact": true}` asks for all or nothing. Numbers and strings (`1`, `"1"`) and
upper and lower case are the same cell. Columns are matched by header where the answer's header holds the same
names, else by place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.literals import LiteralSyntaxError, read_literal
from verifiers.puzzles.stated_answer import plain_word, stated_answer
from verifiers.types import Verdict, VerifyRequest

MAX_ANSWER_CHARS = 50_000

_TRUTH: dict[str, JsonValue] = {"header": ["Position", "Job"], "rows": [["1", "chef"], ["2", "smith"]]}

Table = tuple[list[str], list[list[str]]]


class ZebraVerifier(Verifier):
    name: ClassVar[str] = "zebra"
    examples: ClassVar[Sequence[Example]] = (
        Example(
            '<answer>{"header": ["Position", "Job"], "rows": [[1, "Chef"], [2, "smith"]]}</answer>',
            _TRUTH,
            1.0,
        ),
        Example(
            '<answer>{"header": ["Position", "Job"], "rows": [[1, "smith"], [2, "chef"]]}</answer>',
            _TRUTH,
            0.5,
        ),
        Example("no table", _TRUTH, 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = _table(request.ground_truth)
        if expected is None or not expected[0] or any(len(row) != len(expected[0]) for row in expected[1]):
            raise GroundTruthError(
                f"zebra expects header and rows of equal width, got {request.ground_truth!r:.200}"
            )

        answer = stated_answer(request.response)
        if not answer:
            return Verdict.no_answer("no_answer_tag")
        if len(answer) > MAX_ANSWER_CHARS:
            return Verdict.graded(0.0, "answer_over_budget", answer, chars=len(answer))
        given = parse_table(answer)
        if given is None:
            return Verdict.no_answer("no_table", answer)

        right, cells = count_right_cells(given, expected)
        score = right / cells
        if request.extra.get("exact") is True:
            score = float(right == cells)
        reason = "equal" if right == cells else ("partly_equal" if score else "not_equal")
        return Verdict.graded(score, reason, answer, right_cells=right, cells=cells)


def parse_table(text: str) -> Table | None:
    """The first `{...}` of a text, if it has a header and rows."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        value, _ = read_literal(text, start)
    except LiteralSyntaxError:
        return None
    return _table(value)


def count_right_cells(given: Table, expected: Table) -> tuple[int, int]:
    """How many of the reference's cells the answer has right, and how many there are."""
    header, rows = expected
    columns = list(range(len(header)))
    if sorted(given[0]) == sorted(header) and len(set(header)) == len(header):
        columns = [given[0].index(name) for name in header]
    right = 0
    for given_row, row in zip(given[1], rows, strict=False):
        for column, cell in zip(columns, row, strict=True):
            right += column < len(given_row) and given_row[column] == cell
    return right, len(header) * len(rows)


def _table(value: JsonValue) -> Table | None:
    if not isinstance(value, Mapping):
        return None
    header, rows = value.get("header"), value.get("rows")
    if not isinstance(header, list) or not isinstance(rows, list) or not rows:
        return None
    if not all(isinstance(row, list) for row in rows):
        return None
    return [plain_word(str(name)) for name in header], [
        [plain_word(str(cell)) for cell in row] for row in rows if isinstance(row, list)
    ]
