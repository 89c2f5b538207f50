"""Grade an output grid (ARC-AGI-1, ARC-AGI-2, BARC).

    "<answer> [[1, 2], [3, 4]] </answer>" --> grid --compare--> Verdict

Ground truth: a rectangular list of lists of integers. Every cell must be equal. The grid may have text around
it; rows of bare numbers are read as well. A ragged or unreadable grid is wrong, never the zero grid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import JsonValue

from verifiers.base import Example, Verifier
from verifiers.errors import GroundTruthError
from verifiers.literals import LiteralSyntaxError, read_literal
from verifiers.puzzles.stated_answer import stated_answer
from verifiers.types import Verdict, VerifyRequest

MAX_ANSWER_CHARS = 50_000
"""A 30 x 30 grid takes 2,700 characters."""

_GRID_START = re.compile(r"\[\s{0,20}\[")
_BARE_ROW = re.compile(r"\s*\d(?:[\s,|]*\d)*\s*")
_CELL = re.compile(r"\d+")
MAX_CELL_DIGITS = 9
"""Colours have one digit; Python refuses to read a number of some thousand."""

Grid = list[list[int]]


class ArcVerifier(Verifier):
    name: ClassVar[str] = "arc"
    examples: ClassVar[Sequence[Example]] = (
        Example("<answer>[[1, 0],\n [0, 1]]</answer>", [[1, 0], [0, 1]], 1.0),
        Example("<answer>[[1, 0], [0, 0]]</answer>", [[1, 0], [0, 1]], 0.0),
        Example("I cannot see it", [[0]], 0.0),
    )

    def verify(self, request: VerifyRequest) -> Verdict:
        expected = _grid(request.ground_truth)
        if expected is None:
            raise GroundTruthError(
                f"arc expects a rectangular grid of integers, got {request.ground_truth!r:.200}"
            )

        answer = stated_answer(request.response)
        if not answer:
            return Verdict.no_answer("no_answer_tag")
        if len(answer) > MAX_ANSWER_CHARS:
            return Verdict.graded(0.0, "answer_over_budget", answer, chars=len(answer))
        grid = parse_grid(answer)
        if grid is None:
            return Verdict.no_answer("no_grid", answer)
        return Verdict.compared(grid == expected, answer)


def parse_grid(text: str) -> Grid | None:
    """The last `[[...]]` in a text, else lines of bare numbers; None unless rectangular."""
    for match in reversed(list(_GRID_START.finditer(text))[-20:]):
        try:
            value, _ = read_literal(text, match.start())
        except LiteralSyntaxError:
            continue
        return _grid(value)
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and all(_BARE_ROW.fullmatch(line) for line in lines):
        cells = [_CELL.findall(line) for line in lines]
        if max(len(cell) for row in cells for cell in row) <= MAX_CELL_DIGITS:
            return _grid([[int(cell) for cell in row] for row in cells])
    return None


def _grid(value: JsonValue) -> Grid | None:
    if not isinstance(value, list) or not value:
        return None
    rows: Grid = []
    for row in value:
        if not isinstance(row, list) or not row or len(row) != len(rows[0] if rows else row):
            return None
        cells = [cell for cell in row if isinstance(cell, int) and not isinstance(cell, bool)]
        if len(cells) != len(row):
            return None
        rows.append(cells)
    return rows
