from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from rlvr.wire import _start_together


class Part:
    """Counts the parts that are up."""

    up = 0

    @classmethod
    async def start(cls, wait: asyncio.Event | None = None) -> Part:
        if wait is not None:
            await wait.wait()
        cls.up += 1
        return cls()

    async def close(self) -> None:
        type(self).up -= 1


async def failing() -> Part:
    raise RuntimeError("no room")


def test_what_came_up_is_closed_where_another_part_did_not() -> None:
    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            await _start_together(stack, Part.start(), failing())

    with pytest.raises(RuntimeError, match="no room"):
        asyncio.run(scenario())
    assert Part.up == 0


def test_what_came_up_is_closed_where_the_start_is_cancelled() -> None:
    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            starting = asyncio.create_task(_start_together(stack, Part.start(), Part.start(asyncio.Event())))
            await asyncio.sleep(0.05)
            assert Part.up == 1
            starting.cancel()
            await starting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())
    assert Part.up == 0
