"""One slot of the zygote backend: a warm interpreter in its own sandbox that serves one job at a time.

The slot is started before it knows any task, hands the descriptors of each job to its zygote, and is thrown
away when anything about it is in doubt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sandboxes.cgroups import Cgroups, remove_when_empty
from sandboxes.init_process import ClonedInit, ExecutedInit
from sandboxes.job import Job, Placement
from sandboxes.slot_cgroup import SlotCgroup
from sandboxes.supervise import Report, supervise
from sandboxes.types import Limits

STARTUP_S = 30.0
JOBS_PER_ZYGOTE = 2000
"""Then it starts afresh, so that nothing can pile up."""


class SlotError(Exception):
    """The slot could not be started; the message says why."""


class Slot:
    """A running zygote; make one with `Slot.start`."""

    def __init__(self, zygote: ExecutedInit) -> None:
        self._zygote = zygote
        self._cgroup: SlotCgroup | None = None
        self._jobs_left = JOBS_PER_ZYGOTE
        self.usable = True
        """Whether it may serve another job."""

    @classmethod
    async def start(
        cls, command: Callable[[str], Sequence[str]], filter_program: bytes, cgroups: Cgroups | None
    ) -> Slot:
        """Start a zygote and wait until it is warm.

        Raises:
            SlotError: it did not come up.
        """
        try:
            slot = cls(ExecutedInit(command))
        except OSError as error:
            raise SlotError(f"the zygote could not be started: {error}") from error
        try:
            async with asyncio.timeout(STARTUP_S):
                await slot._warm_up(filter_program, cgroups)
        except (OSError, TimeoutError, SlotError) as error:
            said = slot._zygote.last_words()
            await slot.close()
            raise SlotError(f"the zygote did not start: {error or 'no answer in time'}; {said}") from error
        return slot

    async def _warm_up(self, filter_program: bytes, cgroups: Cgroups | None) -> None:
        await self._zygote.send(len(filter_program).to_bytes(8, "little") + filter_program)
        pid = await self._zygote.ready()
        if pid is None:
            raise SlotError("it ended")
        if cgroups is not None:
            self._cgroup = SlotCgroup(cgroups.create(Limits()), pid)

    async def run(self, job: Job, placement: Placement) -> Report:
        """Serve one job; afterwards `usable` says whether the slot may serve another."""
        self._jobs_left -= 1
        self.usable = False
        try:
            if self._cgroup is not None:
                self._cgroup.begin(job.limits)
            init = ClonedInit(self._zygote.send_descriptors)
        except OSError as error:
            return Report(failure=f"the slot does not take the job: {error}")
        report = await supervise(init, job, placement, self._cgroup)
        self.usable = not report.failure and self._jobs_left > 0
        return report

    async def close(self) -> None:
        """End the zygote and whatever runs in its sandbox."""
        self.usable = False
        self._zygote.kill()
        await self._zygote.close()
        self._zygote.close_pipes()
        if self._cgroup is not None:
            await remove_when_empty(self._cgroup)

    def end(self) -> None:
        """The same where no event loop runs any more."""
        asyncio.run(self.close())
