"""Grade a filled-in zebra puzzle (Guru's `logic__zebra_puzzle_dataset`).

    '<answer> {"header": [...], "rows": [[...]]} </answer>' --> cells --share of right ones--> Verdict

Ground truth: `{"header": [names], "rows": [[cells]]}`. The score is the share of the reference's cells that
are right, as in Guru; `extra = {"exact": true}` asks for all or nothing. Numbers and strings (`1`, `"1"`) and
upper and lower case are the same cell. Columns are matched by header where the answer's header holds the same
names, else by place; rows by their numbers in the first column (the position), where the answer has them. A
list of objects, one per row, is a table too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.literals import LiteralSyntaxError, read_literal
from verifiers.puzzles.stated_answer import plain_word, stated_answer
from verifiers.types import Verdict, VerifyRequest

MAX_ANSWER_CHARS = 50_000
MAX_STARTS = 50
"""How many brackets are tried for the beginning of a table."""

_START = re.compile(r"[\[{]")

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
    """The last table of a text: an object with header and rows, or a list of objects."""
    last, at = None, 0
    for _ in range(MAX_STARTS):
        start = _START.search(text, at)
        if start is None:
            break
        at = start.end()
        try:
            value, end = read_literal(text, start.start())
        except LiteralSyntaxError:
            continue
        table = _table(value)
        if table is not None:
            last, at = table, end
    return last


def count_right_cells(given: Table, expected: Table) -> tuple[int, int]:
    """How many of the reference's cells the answer has right, and how many there are."""
    header, rows = expected
    columns = list(range(len(header)))
    if sorted(given[0]) == sorted(header) and len(set(header)) == len(header):
        columns = [given[0].index(name) for name in header]
    right = 0
    for given_row, row in zip(_in_order(given[1], rows, columns[0]), rows, strict=False):
        for column, cell in zip(columns, row, strict=True):
            right += column < len(given_row) and given_row[column] == cell
    return right, len(header) * len(rows)


def _in_order(given: list[list[str]], rows: list[list[str]], key: int) -> list[list[str]]:
    """The answer's rows in the reference's order, where both number them and no number comes twice."""
    order = [row[0] for row in rows]
    by_number = {row[key]: row for row in given if len(row) > key}
    if (
        not all(map(str.isdecimal, order))
        or len(by_number) != len(given)
        or not by_number.keys() <= set(order)
    ):
        return given
    return [by_number.get(number, []) for number in order]


def _table(value: JsonValue) -> Table | None:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        value = {"header": list(value[0]), "rows": value}
    if not isinstance(value, Mapping):
        return None
    header, rows = value.get("header"), value.get("rows")
    if not isinstance(header, list) or not isinstance(rows, list) or not rows:
        return None
    cells = [_cells(header, row) for row in rows]
    if None in cells:
        return None
    return [plain_word(str(name)) for name in header], [row for row in cells if row is not None]


def _cells(header: list[JsonValue], row: JsonValue) -> list[str] | None:
    """The cells of a row, in the order of the header where it is an object; None where it is no row."""
    if isinstance(row, Mapping):
        row = [row.get(str(name), "") for name in header]
    return [plain_word(str(cell)) for cell in row] if isinstance(row, list) else None
