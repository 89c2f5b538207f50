"""A file of programs through a pool: JSON lines in, JSON lines out, in the same order.

    {id, language, source | argv, stdin?, files?, limits?}  ->  ExecutionResult plus id

A line that cannot be run (not JSON, a wrong field, a missing compiler, no turn in time) yields {id, error}
and stops nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, TextIO, TypeVar

from pydantic import JsonValue, ValidationError

from sandboxes.errors import PoolFullError, RequestError, ToolchainMissingError
from sandboxes.pool import SandboxPool
from sandboxes.types import ExecutionRequest

Result = TypeVar("Result")


async def run_lines(lines: Iterable[str], out: TextIO, pool: SandboxPool, *, ahead: int) -> None:
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


async def _run_line(line: str, pool: SandboxPool) -> str:
    name: JsonValue = None
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict):
            raise RequestError(f"a line must be a JSON object, not {type(fields).__name__}")
        name = fields.pop("id", None)
        result = await pool.run(ExecutionRequest.model_validate(fields))
    except (
        json.JSONDecodeError,
        ValidationError,
        RequestError,
        ToolchainMissingError,
        PoolFullError,
    ) as error:
        return json.dumps({"id": name, "error": _one_line(error)}) + "\n"
    return json.dumps({"id": name, **result.model_dump(mode="json")}) + "\n"


def _one_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        )
    return str(error)
