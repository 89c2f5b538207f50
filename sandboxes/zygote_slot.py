"""One slot: a warm interpreter in a sandbox of its own that serves one job at a time.

The slot is started before it knows any task and is thrown away when anything about it is in doubt. What the
two sides say to each other is in `sandboxes.inside.zygote`.
"""

from __future__ import annotations

import asyncio
import marshal
from collections.abc import Callable
from typing import Protocol

from sandboxes.channel import Channel, JobPipes
from sandboxes.job import Job, Placement, encode
from sandboxes.seccomp import zygote_filters
from sandboxes.supervise import Accounting, Report, supervise
from sandboxes.types import Limits

STARTUP_S = 30.0
JOBS_PER_ZYGOTE = 2000
"""Then it starts afresh, so that nothing can pile up."""
BEGIN, STOP, JOB = b"b", b"s", b"j"


class SlotError(Exception):
    """The slot could not be started; the message says why."""


class ZygoteProcess(Protocol):
    """A zygote that was started somehow, and the sandbox around it."""

    channel: Channel

    async def ready(self) -> int | None:
        """Wait until it is warm; returns its pid, None if it died."""
        ...

    def kill(self) -> None:
        """End it, and all that it started."""
        ...

    async def end(self) -> bool:
        """See to it that nothing of it is left; False if the kernel cannot end it in time."""
        ...

    def last_words(self) -> str:
        """What it has written to stderr."""
        ...


class SlotAccounting(Accounting, Protocol):
    """The kernel's counts for one job after the other."""

    def begin(self, limits: Limits) -> None:
        """Make it ready for the next job.

        Raises:
            OSError: what an earlier job left does not fit the new limits; the slot must be replaced.
        """

    async def remove(self) -> None: ...


class Slot:
    """A running zygote; make one with `Slot.start`."""

    def __init__(self, zygote: ZygoteProcess) -> None:
        self._zygote = zygote
        self._accounting: SlotAccounting | None = None
        self._jobs_left = JOBS_PER_ZYGOTE
        self.usable = True
        """Whether it may serve another job."""

    @classmethod
    async def start(
        cls,
        start_zygote: Callable[[], ZygoteProcess],
        account: Callable[[int], SlotAccounting | None],
    ) -> Slot:
        """Start a zygote and wait until it is warm.

        Args:
            start_zygote: starts it; may raise OSError.
            account: makes the accounting for the zygote with that pid; None where there is none to be had.

        Raises:
            SlotError: it did not come up.
        """
        try:
            slot = cls(start_zygote())
        except OSError as error:
            raise SlotError(f"the zygote could not be started: {error}") from error
        try:
            async with asyncio.timeout(STARTUP_S):
                await slot._warm_up(account)
        except (OSError, TimeoutError, SlotError) as error:
            said = slot._zygote.last_words()
            await slot.close()
            raise SlotError(f"the zygote did not start: {error or 'no answer in time'}; {said}") from error
        return slot

    async def _warm_up(self, account: Callable[[int], SlotAccounting | None]) -> None:
        filters = marshal.dumps(zygote_filters(), 4)
        await self._zygote.channel.send(len(filters).to_bytes(8, "little") + filters)
        pid = await self._zygote.ready()
        if pid is None:
            raise SlotError("it ended")
        self._accounting = account(pid)
        await self._zygote.channel.send(BEGIN)

    async def run(self, job: Job, placement: Placement) -> Report:
        """Serve one job; afterwards `usable` says whether the slot may serve another."""
        self._jobs_left -= 1
        self.usable = False
        try:
            if self._accounting is not None:
                self._accounting.begin(job.limits)
        except OSError as error:
            return Report(failure=f"the slot does not take the job: {error}")
        report = await supervise(ZygoteJob(self._zygote), job, placement, self._accounting)
        self.usable = not report.failure and self._jobs_left > 0
        return report

    async def close(self) -> None:
        """End the zygote and whatever runs in its sandbox."""
        self.usable = False
        self._zygote.kill()
        await self._zygote.end()
        if self._accounting is not None:
            await self._accounting.remove()

    def end(self) -> None:
        """The same where no event loop runs any more."""
        asyncio.run(self.close())


class ZygoteJob:
    """See `sandboxes.init_process.JobInit`."""

    def __init__(self, zygote: ZygoteProcess) -> None:
        self._zygote = zygote
        self.channel = zygote.channel
        self.pipes = JobPipes()

    async def begin(self, job: Job, placement: Placement, attach: Callable[[int], None]) -> bool:
        """Hand the job over. It is born inside the slot's cgroup, and its zygote holds its deadline from the
        moment the program starts, so nothing is waited for here."""
        body = encode(job, placement)
        try:
            await self.channel.send(JOB + len(body).to_bytes(8, "little") + body, self.pipes.theirs)
        finally:
            self.pipes.close_theirs()
        return True

    def ask_to_stop(self) -> None:
        self.channel.tell(STOP)

    def kill(self) -> None:
        """Process 1 of a sandbox takes everything in it along."""
        self._zygote.kill()

    async def close(self, *, reported: bool) -> bool:
        """Its report came when nothing of the job was alive any more. Without one only the end of the whole
        sandbox is certain; the slot, which is not usable then, is closed by whoever has it, and waits."""
        if not reported:
            self.kill()
        return True
