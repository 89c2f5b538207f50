"""A file of programs through a pool: JSON lines in, JSON lines out, in the same order.

    {id, language, source | argv, stdin?, files?, limits?}  ->  ExecutionResult plus id

A line that cannot be run (not UTF-8, not JSON, a wrong field, a missing compiler, no turn in time) yields
{id, error} and stops nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any, TextIO, TypeVar

from pydantic import JsonValue, ValidationError

from sandboxes.errors import PoolFullError, RequestError, ToolchainMissingError
from sandboxes.pool import SandboxPool
from sandboxes.types import ExecutionRequest

Result = TypeVar("Result")


def check_results(results: Path, programs: Path) -> None:
    """Results can be written there, and no program is lost by it.

    Raises:
        RequestError: the folder does not exist, or both are the same file, which opening it would empty.
    """
    if not results.parent.is_dir():
        raise RequestError(f"the folder of {results} does not exist")
    if results.is_file() and results.samefile(programs):
        raise RequestError(f"{results} holds the programs: the results need a file of their own")


async def run_lines(lines: Iterable[bytes], out: TextIO, pool: SandboxPool, *, ahead: int) -> None:
    """Run every line, at most `ahead` of them at once in the pool, and write each result as soon as its turn
    comes."""
    work = (_run_line(line, pool) for line in lines)
    async with aclosing(in_order(work, ahead=ahead)) as results:
        async for result in results:
            out.write(result)


async def in_order(work: Iterable[Coroutine[Any, Any, Result]], *, ahead: int) -> AsyncGenerator[Result]:
    """The results in the order of the work; at most `ahead` are on their way or kept, so that memory is
    bounded whatever programs print. Ends the rest when it is closed early."""
    waiting: deque[asyncio.Task[Result]] = deque()
    try:
        for each in work:
            waiting.append(asyncio.create_task(each))
            if len(waiting) == ahead:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _run_line(line: bytes, pool: SandboxPool) -> str:
    name: JsonValue = None
    try:
        fields = _read_object(line)
        name = fields.pop("id", None)
        result = await pool.run(ExecutionRequest.model_validate(fields))
    except (ValidationError, RequestError, ToolchainMissingError, PoolFullError) as error:
        return json.dumps({"id": name, "error": _one_line(error)}) + "\n"
    return json.dumps({"id": name, **result.model_dump(mode="json")}) + "\n"


def _read_object(line: bytes) -> dict[str, JsonValue]:
    try:
        fields = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise RequestError(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise RequestError(f"a line must be a JSON object, not {type(fields).__name__}")
    return fields


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        )
    return str(error)
