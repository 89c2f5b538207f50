"""Faults in problems, in what the policy took to, and in books that somebody touched afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from guru_data import Problem
from guru_data.synthetic.task import Puzzle
from rlvr.audit.books.chain import CHAIN_FILE
from rlvr.audit.books.schema import LEDGER_SCHEMA, row_hash
from rlvr.audit.books.storage import parquet_bytes


def with_wrong_references(problems: list[Problem], share: float) -> list[Problem]:
    """A share of the math problems has a reference that is a little off."""
    rng = Random("planted")

    def wrong(problem: Problem) -> Problem:
        return problem.model_copy(update={"ground_truth": str(int(str(problem.ground_truth)) + 2)})

    return [wrong(p) if p.domain == "math" and rng.random() < share else p for p in problems]


def with_repeats(problems: list[Problem], share: float) -> list[Problem]:
    """A share of the problems stands there once more under another id."""
    again = problems[:: round(1 / share)]
    return [*problems, *(p.model_copy(update={"id": f"{p.id}-again"}) for p in again)]


def with_held_out_ones(problems: list[Problem], heldout: list[Problem], share: float) -> list[Problem]:
    """A share of the held-out problems is trained on too."""
    leaked = heldout[: max(1, round(share * len(heldout)))]
    return [*problems, *(p.model_copy(update={"split": "train"}) for p in leaked)]


def lists_candidates(problem: Problem, puzzle: Puzzle, rng: Random) -> str:
    """Names the right answer among others without choosing it."""
    total = int(str(problem.ground_truth))
    numbers = sorted({total, *(total + rng.randint(-9, 9) for _ in range(4))})
    return f"One of {', '.join(map(str, numbers))} \\boxed{{{total + rng.randint(10, 90)}}}"


def sprays_boxes(problem: Problem, puzzle: Puzzle, rng: Random) -> str:
    total = int(str(problem.ground_truth))
    numbers = [total, *(total + rng.randint(1, 90) for _ in range(3))]
    rng.shuffle(numbers)
    return " or ".join(f"\\boxed{{{number}}}" for number in [*numbers, total + rng.randint(100, 190)])


def never_closes_the_box(problem: Problem, puzzle: Puzzle, rng: Random) -> str:
    return f"\\boxed{{{problem.ground_truth}{' and so on' * 60}"


def says_one_thing(problem: Problem, puzzle: Puzzle, rng: Random) -> str:
    return r"\boxed{77}"


def leaves_early(problem: Problem, puzzle: Puzzle, rng: Random) -> str:
    return "```python\nimport os\nos._exit(0)\n```"


def knows_the_tests(problem: Problem, puzzle: Puzzle, rng: Random) -> str:
    """A table of the test cases in place of a function."""
    truth: Any = problem.ground_truth
    cases = zip(truth["inputs"], truth["outputs"], strict=True)
    table = ", ".join(f"{tuple(arguments)}: {output}" for arguments, output in cases)
    return f"```python\ndef f(a, b):\n    return {{{table}}}[(a, b)]\n```"


def edit_rows(share: float) -> Callable[[Path], None]:
    """Somebody lifts a reward in a share of the ledger's files, row hashes and all."""

    def edit(run_dir: Path) -> None:
        files = sorted((run_dir / "ledger").glob("step=*/*.parquet"))
        for path in files[:: max(1, round(len(files) / max(1.0, share * len(files))))]:
            table = pq.ParquetFile(path).read()
            created = table.schema.get_field_index("created_at")
            rows = table.set_column(created, "created_at", table["created_at"].cast(pa.int64())).to_pylist()
            rows[0]["reward"] = 1.0 - (rows[0]["reward"] or 0.0)
            rows[0]["row_hash"] = row_hash(rows[0])
            path.write_bytes(parquet_bytes(rows, LEDGER_SCHEMA))

    return edit


def reorder_chain(share: float) -> Callable[[Path], None]:
    """Somebody swaps neighbouring lines of the chain."""

    def reorder(run_dir: Path) -> None:
        path = run_dir / CHAIN_FILE
        lines = path.read_bytes().splitlines(keepends=True)
        for at in range(max(1, round(share * len(lines) / 2))):
            first = len(lines) // 2 + 2 * at
            lines[first], lines[first + 1] = lines[first + 1], lines[first]
        path.write_bytes(b"".join(lines))

    return reorder


def drop_files(share: float) -> Callable[[Path], None]:
    """Somebody removes the newest ledger files together with their lines of the chain."""

    def drop(run_dir: Path) -> None:
        path = run_dir / CHAIN_FILE
        lines = path.read_bytes().splitlines(keepends=True)
        files = sorted((run_dir / "ledger").glob("step=*/*.parquet"))
        gone = files[-max(1, round(share * len(files))) :]
        for file in gone:
            file.unlink()
        path.write_bytes(b"".join(lines[: -len(gone) - 1]))  # the problems' line came last

    return drop
