"""Grade a whole file: JSON lines in, JSON lines out, in the same order.

    {id, verifier | data_source, response, ground_truth, prompt?, extra?} -> Verdict + id

A line that cannot be graded becomes `{"id", "error": {"kind", "detail"}}` in its place and stops nothing.
Memory is bounded: only a window of lines is read ahead of what has been written.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from verifiers.errors import InvalidRequestError, VerifierError, error_kind
from verifiers.types import VerifyRequest
from verifiers.workers.pool import WorkerPool

WINDOW_PER_WORKER = 32


async def grade_file(source: Path, target: Path, table: Mapping[str, str], *, workers: int) -> int:
    """Grade every line of `source` into `target` and return how many there were.

    Raises:
        InvalidRequestError: both are the same file, which opening it would empty.
        VerifierSetupError: the worker processes do not start.
        OSError: a file cannot be read or written.
    """
    _check_target(target, source)
    lines = 0
    window: deque[asyncio.Task[dict[str, Any]]] = deque()
    with source.open("rb") as incoming, target.open("w", encoding="utf-8") as outgoing:
        async with WorkerPool(table, workers=workers) as pool:
            for line in incoming:
                if not line.strip():
                    continue
                lines += 1
                window.append(asyncio.create_task(_grade_line(pool, line)))
                if len(window) >= WINDOW_PER_WORKER * workers:
                    outgoing.write(json.dumps(await window.popleft()) + "\n")
            while window:
                outgoing.write(json.dumps(await window.popleft()) + "\n")
    return lines


def _check_target(target: Path, source: Path) -> None:
    if target.is_file() and target.samefile(source):
        raise InvalidRequestError(f"{target} holds what is to be graded: verdicts need a file of their own")


async def _grade_line(pool: WorkerPool, line: bytes) -> dict[str, Any]:
    row_id = None
    try:
        row = _read_object(line)
        row_id = row.pop("id", None)
        verdict = await pool.grade(_read_request(row))
    except VerifierError as error:
        return {"id": row_id, "error": {"kind": error_kind(error), "detail": str(error)}}
    return {"id": row_id, **verdict.model_dump(mode="json")}


def _read_object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise InvalidRequestError(f"a line must be an object, got {type(row).__name__}")
    return row


def _read_request(row: dict[str, Any]) -> VerifyRequest:
    try:
        return VerifyRequest.model_validate(row)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        raise InvalidRequestError(f"{'.'.join(map(str, fault['loc'])) or 'line'}: {fault['msg']}") from error
