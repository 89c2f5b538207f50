"""Put sequences of different lengths into rows of one length, with little padding.

    lengths --plan_rows--> which sequence goes where --PackedRows--> rectangular arrays

Shapes: R rows, L tokens per row. Sequences in a row are told apart by their position ids,
which start again at 0; the model's attention mask follows from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rlvr.rollouts import IntArray

Number = TypeVar("Number", bound=np.generic)


def plan_rows(lengths: Sequence[int], row_tokens: int) -> list[list[int]]:
    """Assign each sequence to a row, longest first, into the first row with room for it.

    Args:
        lengths: tokens of each sequence.
        row_tokens: capacity of a row, in tokens.

    Returns:
        Indices of the sequences in each row. At most about 22 % more rows than the optimum
        (first-fit decreasing: 11/9 OPT + 6/9, Dosa 2007).

    Raises:
        ValueError: a sequence is empty or longer than a row.
    """
    if any(not 0 < length <= row_tokens for length in lengths):
        raise ValueError(
            f"a sequence has {min(lengths)} to {max(lengths)} tokens; rows hold 1 to {row_tokens}"
        )
    rows: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        row = next((r for r, left in enumerate(room) if left >= lengths[index]), len(rows))
        if row == len(rows):
            rows.append([])
            room.append(row_tokens)
        rows[row].append(index)
        room[row] -= lengths[index]
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class PackedRows:
    """Token ids and positions of packed sequences, and where each of them lies.

    `places[i]` is (row, first column) of sequence i. Padding has token 0 and positions that
    start again at 0, so that it is a sequence of its own which nothing attends to.
    """

    token_ids_RL: IntArray
    position_ids_RL: IntArray
    places: tuple[tuple[int, int], ...]

    def lay(self, values: Sequence[NDArray[Any]], dtype: type[Number]) -> NDArray[Number]:
        """Lay per-sequence arrays (same lengths as the sequences) out in rows; zeros elsewhere."""
        laid_RL = np.zeros(self.token_ids_RL.shape, dtype)
        for (row, column), value in zip(self.places, values, strict=True):
            laid_RL[row, column : column + len(value)] = value
        return laid_RL


def pack(sequences: Sequence[IntArray], row_tokens: int) -> PackedRows:
    """Pack token sequences into rows as long as the fullest one needs, at most `row_tokens`."""
    rows = plan_rows([len(sequence) for sequence in sequences], row_tokens)
    width = max(sum(len(sequences[i]) for i in row) for row in rows)
    token_ids_RL = np.zeros((len(rows), width), np.int32)
    position_ids_RL = np.zeros((len(rows), width), np.int32)
    places: list[tuple[int, int]] = [(0, 0)] * len(sequences)
    for r, row in enumerate(rows):
        column = 0
        for i in row:
            end = column + len(sequences[i])
            token_ids_RL[r, column:end] = sequences[i]
            position_ids_RL[r, column:end] = np.arange(len(sequences[i]))
            places[i] = (r, column)
            column = end
        position_ids_RL[r, column:] = np.arange(width - column)
    return PackedRows(token_ids_RL, position_ids_RL, tuple(places))
