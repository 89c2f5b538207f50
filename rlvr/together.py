"""Work that is done at once and fails as one.

coroutines --together--> their results in order, or the error that ended them
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from rlvr.errors import RlvrError

Result = TypeVar("Result")


async def together(works: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """All results, in order. The first failure ends the others and is raised itself, not in a group.

    Where several fail at once it is one of ours that is raised, since that has a sentence for people.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as failed:
        ours = [error for error in failed.exceptions if isinstance(error, RlvrError)]
        first = (ours or failed.exceptions)[0]
    else:
        return [task.result() for task in tasks]
    raise first
