"""Whose turn it is: a few places, many callers.

    take(caller) -> wait among the caller's own, first come first served -> a place -> give_back

A place that falls free goes to the callers in rotation, so one who has four thousand requests waiting delays
another's single one by a turn and not by four thousand. All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable

Turn = asyncio.Future[None]


class Turns:
    """Hands out `places`."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[Hashable, deque[Turn]] = OrderedDict()
        """The callers who wait, the next one first."""

    async def take(self, caller: Hashable, wait_s: float) -> None:
        """Wait for a place.

        Raises:
            TimeoutError: there was none for this caller in time.
        """
        if self._free:  # then nobody waits
            self._free -= 1
            return
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            async with asyncio.timeout(wait_s):
                await turn
        except (TimeoutError, asyncio.CancelledError):
            if turn.done() and not turn.cancelled():  # it came at the same moment
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next one in: the first still waiting of the caller who has waited longest for a turn."""
        while self._waiting:
            caller, turns = self._waiting.popitem(last=False)
            while turns and turns[0].done():  # given up meanwhile
                turns.popleft()
            if turns:
                turns.popleft().set_result(None)
                if turns:
                    self._waiting[caller] = turns  # behind the others
                return
        self._free += 1
