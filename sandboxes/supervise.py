"""Supervise one job from the outside: talk to its init, drain its pipes, and see that all of it ends.

    started init + Job -> Report

The backend has started the init (`sandboxes.job_init`) in whatever isolation it gives; here it is put into
its cgroup, told its job, its output is read while it runs, and it is stopped at the limits that are ours to
hold. A `Report` holds facts; `sandboxes.outcomes` says what they mean.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Protocol

from sandboxes.channel import Channel
from sandboxes.init_process import JobInit
from sandboxes.job import Job, Placement
from sandboxes.streams import Capture, Feeder

STARTUP_S = 20.0
"""For the sandbox to stand; not the program's time."""
UNWATCHED_S = 0.02
"""Most programs have ended by then; until then nobody looks at a job, and its output waits in the pipes."""
GRACE_S = 0.5
"""The init holds the wall limit and stops when told; if it has not reported so much later, we end it."""
DRAIN_S = 2.0
CGROUP_CHECK_S = 0.1
LAST_WORDS_BYTES = 400


class Accounting(Protocol):
    """The kernel's counts for one job."""

    def attach(self, pid: int) -> None:
        """Count this process, and what it starts from now on."""

    def oom_kills(self) -> int: ...

    def cpu_s(self) -> float: ...

    def peak_mb(self) -> float | None:
        """None where the kernel does not tell."""
        ...


@dataclass(frozen=True)
class Report:
    """What was seen of one job."""

    failure: str = ""
    """What went wrong on our side; then nothing else counts."""
    how: str = ""
    """exit, signal, wall, cpu, memory, or output."""
    code: int = 0
    """The exit code or the signal."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_memory_mb: float = 0.0
    oom_kills: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    artifact: bytes = b""


async def supervise(init: JobInit, job: Job, placement: Placement, cgroup: Accounting | None) -> Report:
    """Run the job to its end and see it gone, however it went and even when cancelled."""
    run = _Run(init, job, cgroup)
    try:
        report = await run.to_end(placement)
    finally:
        gone = await init.close(reported=run.reported)
        await run.finish()
    if not gone:
        report = Report(failure="processes of the job could not be ended")
    return run.with_streams(report)


class _Run:
    """One job on its way: what the callbacks of its pipes and timers share."""

    def __init__(self, init: JobInit, job: Job, cgroup: Accounting | None) -> None:
        self._init, self._job, self._cgroup = init, job, cgroup
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self._stopped_for = ""
        self._ended = False
        self.reported = False
        pipes, cap = init.pipes, job.limits.output_bytes
        self._stdout = Capture(pipes.stdout, cap, lambda: self._stop("output"))
        self._stderr = Capture(pipes.stderr, cap, lambda: self._stop("output"))
        self._stdin = Feeder(pipes.stdin, job.stdin)

    async def to_end(self, placement: Placement) -> Report:
        try:
            async with asyncio.timeout(STARTUP_S):
                started = await self._init.begin(self._job, placement, self._attach)
        except TimeoutError:
            return Report(failure="the sandbox did not start in time")
        except OSError as error:
            return Report(failure=f"the sandbox did not start: {error}")
        if not started and self._oom_kills():
            return Report(how="memory", oom_kills=self._oom_kills())
        if not started:
            return Report(failure="the sandbox did not start")
        began = time.monotonic()
        self._timers.append(self._loop.call_later(UNWATCHED_S, self._watch))
        end = await _read_end(self._init.channel)
        self.reported = end is not None
        return self._complete(end, time.monotonic() - began)

    def _watch(self) -> None:
        for capture in (self._stdout, self._stderr):
            capture.watch()
        self._timers.append(self._loop.call_later(self._job.limits.wall_s + GRACE_S, self._kill, "wall"))
        if self._cgroup is not None:
            self._timers.append(self._loop.call_later(CGROUP_CHECK_S, self._check_cgroup, self._cgroup))

    def _attach(self, pid: int) -> None:
        if self._cgroup is not None:
            self._cgroup.attach(pid)

    def _check_cgroup(self, cgroup: Accounting) -> None:
        """The kernel's counts see what the init cannot, such as the time of children nobody waited for."""
        if cgroup.oom_kills():
            self._stop("memory")
        elif cgroup.cpu_s() > self._job.limits.cpu_s:
            self._stop("cpu")
        else:
            self._timers.append(self._loop.call_later(CGROUP_CHECK_S, self._check_cgroup, cgroup))

    def _oom_kills(self) -> int:
        return self._cgroup.oom_kills() if self._cgroup is not None else 0

    def _complete(self, end: Report | None, wall_s: float) -> Report:
        """Join what the init said, what the kernel counted, and why we stopped it."""
        oom_kills = self._oom_kills()
        if oom_kills and (end is None or end.failure):  # it was not the program that the kernel chose
            end = Report(how="memory", wall_s=wall_s)
        if end is None and self._stopped_for:
            end = Report(how=self._stopped_for, wall_s=wall_s)
        if end is None:
            return Report(failure="the job's init ended without a report")
        if end.failure:
            return end
        peak_mb = self._cgroup.peak_mb() if self._cgroup is not None else None
        return replace(
            end,
            how=self._stopped_for or end.how,
            oom_kills=oom_kills,
            cpu_s=self._cgroup.cpu_s() if self._cgroup is not None else end.cpu_s,
            peak_memory_mb=end.peak_memory_mb if peak_mb is None else peak_mb,
        )

    def _stop(self, reason: str) -> None:
        """Tell the init to end the job; it reports what was used until now. Output that is read when the job
        has ended may be too long as well; by then its init has no job or already the next one."""
        if not self._stopped_for and not self._ended:
            self._stopped_for = reason
            self._init.ask_to_stop()
            self._timers.append(self._loop.call_later(GRACE_S, self._init.kill))

    def _kill(self, reason: str) -> None:
        self._stopped_for = self._stopped_for or reason
        self._init.kill()

    async def finish(self) -> None:
        """Read what is still in the pipes (all writers are dead, so their end is near) and let go of them."""
        self._ended = True
        for timer in self._timers:
            timer.cancel()
        self._stdin.close()
        for capture in (self._stdout, self._stderr):
            await capture.drained(DRAIN_S)
            capture.close()

    def with_streams(self, report: Report) -> Report:
        if report.failure:
            said = bytes(self._stderr.data[-LAST_WORDS_BYTES:]).decode("utf-8", "replace").strip()
            return replace(report, failure=f"{report.failure}: {said}" if said else report.failure)
        truncated = self._stdout.truncated or self._stderr.truncated
        return replace(
            report,
            how="output" if truncated else report.how,  # it may have ended before we had read it all
            stdout=bytes(self._stdout.data),
            stderr=bytes(self._stderr.data),
            stdout_truncated=self._stdout.truncated,
            stderr_truncated=self._stderr.truncated,
        )


async def _read_end(channel: Channel) -> Report | None:
    """The last words of a job; None if its init died without."""
    line = await channel.read_line()
    if not line.endswith(b"\n"):
        return None
    what, _, rest = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
    if what == "failed":
        return Report(failure=f"the job could not be set up: {rest}")
    how, code, cpu_s, wall_s, rss_kb, artifact_bytes = rest.split()
    artifact = await channel.read_exactly(int(artifact_bytes))
    if len(artifact) < int(artifact_bytes):
        return None
    return Report(
        how=how,
        code=int(code),
        cpu_s=float(cpu_s),
        wall_s=float(wall_s),
        peak_memory_mb=int(rss_kb) / 1024,
        artifact=artifact,
    )
